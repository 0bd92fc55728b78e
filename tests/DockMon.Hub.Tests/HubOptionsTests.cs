using DockMon.Hub.Tests.Storage;
using DockMon.Hub.Tls;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests;

public sealed class HubOptionsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_variables_everything_has_a_default()
    {
        var options = Load();
        options.Urls.ShouldBe("http://127.0.0.1:8090");
        options.DataPath.ShouldBe(Path.GetFullPath("dockmon-hub-data"));
        options.AdminKey.ShouldBeNull();
        options.LogLevel.ShouldBe(LogLevel.Information);
    }

    [Fact]
    public void Empty_variables_count_as_none_and_spaces_around_values_do_not_count()
    {
        var options = Load(("HUB_URLS", "  "), ("HUB_ADMIN_KEY", ""), ("HUB_LOG_LEVEL", " Debug "), ("HUB_DATA", " /var/lib/hub "));
        options.Urls.ShouldBe("http://127.0.0.1:8090");
        options.AdminKey.ShouldBeNull();
        options.LogLevel.ShouldBe(LogLevel.Debug);
        options.DataPath.ShouldBe("/var/lib/hub");
    }

    [Theory]
    [InlineData("debug", LogLevel.Debug)]
    [InlineData("INFO", LogLevel.Information)]
    [InlineData("warn", LogLevel.Warning)]
    [InlineData("error", LogLevel.Error)]
    public void Log_levels_are_read_in_any_case(string text, LogLevel level) => Load(("HUB_LOG_LEVEL", text)).LogLevel.ShouldBe(level);

    [Fact]
    public void A_log_level_that_does_not_exist_is_named_with_those_that_do() =>
        Should.Throw<ArgumentException>(() => Load(("HUB_LOG_LEVEL", "loud"))).Message
            .ShouldBe("HUB_LOG_LEVEL is \"loud\": it must be one of debug, info, warn, error");

    [Theory]
    [InlineData("nonsense")]
    [InlineData("ftp://127.0.0.1:1")]
    [InlineData("https://127.0.0.1:8443")]
    [InlineData("http://127.0.0.1:99999")]
    [InlineData("http://127.0.0.1:8090;nonsense")]
    public void An_address_to_listen_on_that_cannot_work_is_refused_at_the_start(string urls)
    {
        var message = Should.Throw<ArgumentException>(() => Load(("HUB_URLS", urls))).Message;
        message.ShouldContain("HUB_URLS");
        message.ShouldContain("http://127.0.0.1:8090");
    }

    [Fact]
    public void With_a_certificate_the_default_address_has_https()
    {
        var own = Load(("HUB_TLS", "Self-Signed"));
        (own.Urls, own.Tls).ShouldBe(("https://127.0.0.1:8090", TlsOptions.SelfSigned));
        var given = Load(("HUB_TLS_CERT", "/tls/cert.pem"), ("HUB_TLS_KEY", "/tls/key.pem"), ("HUB_URLS", "https://*:443;http://127.0.0.1:80"));
        (given.Urls, given.Tls).ShouldBe(("https://*:443;http://127.0.0.1:80", new TlsOptions("/tls/cert.pem", "/tls/key.pem")));
        Load(("HUB_TLS", "off")).Tls.ShouldBeNull();
    }

    [Theory]
    [InlineData("HUB_TLS=yes", "self-signed")]
    [InlineData("HUB_TLS_CERT=/cert.pem", "set both")]
    [InlineData("HUB_TLS_KEY=/key.pem", "set both")]
    [InlineData("HUB_TLS=self-signed HUB_TLS_CERT=/cert.pem HUB_TLS_KEY=/key.pem", "exclude each other")]
    [InlineData("HUB_URLS=https://127.0.0.1:8443", "no certificate")]
    [InlineData("HUB_TLS=self-signed HUB_URLS=http://127.0.0.1:8090", "no address with https")]
    public void Variables_of_TLS_that_contradict_each_other_are_refused(string variables, string reason) =>
        Should.Throw<ArgumentException>(() => Load([.. variables.Split(' ').Select(variable => (variable.Split('=')[0], variable.Split('=')[1]))]))
            .Message.ShouldContain(reason);

    [Theory]
    [InlineData("http://127.0.0.1:8090;http://[::1]:8090;http://localhost:1;http://unix:/run/hub.sock;https://*:443", "")]
    [InlineData("http://0.0.0.0:8090;https://*:443", "http://0.0.0.0:8090")]
    [InlineData("http://*:8090;http://hub.example.com:80", "http://*:8090 http://hub.example.com:80")]
    public void Addresses_without_TLS_that_others_reach_are_known(string urls, string exposed) =>
        string.Join(' ', ListenAddresses.Exposed(urls)).ShouldBe(exposed);

    [Theory]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("http://*:8090")]
    [InlineData("http://+:80;http://[::1]:8090")]
    [InlineData("http://unix:/run/hub.sock")]
    public void Addresses_that_Kestrel_listens_on_are_taken_as_they_are(string urls) => Load(("HUB_URLS", urls)).Urls.ShouldBe(urls);

    [Theory]
    [InlineData("HUB_ADMIN_KEY", "fifteen letters")]
    [InlineData("HUB_ADMIN_KEY_FILE", "fifteen letters")]
    [InlineData("HUB_ADMIN_KEY_FILE", "")]
    public void A_short_key_is_refused_and_not_repeated(string variable, string key)
    {
        var file = Path.Combine(_folder.Path, "key");
        File.WriteAllText(file, key + "\n");
        var message = Should.Throw<ArgumentException>(() => Load((variable, variable == "HUB_ADMIN_KEY" ? key : file))).Message;
        message.ShouldStartWith(variable + " ");
        message.ShouldContain("16");
        message.ShouldNotContain("fifteen");
    }

    [Fact]
    public void A_key_of_sixteen_characters_is_taken_and_one_from_a_file_goes_before_it()
    {
        Load(("HUB_ADMIN_KEY", "sixteen-letters!")).AdminKey.ShouldBe("sixteen-letters!");
        var file = Path.Combine(_folder.Path, "key");
        File.WriteAllText(file, " the-key-in-the-file \n");
        Load(("HUB_ADMIN_KEY", "sixteen-letters!"), ("HUB_ADMIN_KEY_FILE", file)).AdminKey.ShouldBe("the-key-in-the-file");
    }

    [Fact]
    public void A_key_file_that_is_not_there_ends_the_start_and_is_named()
    {
        var file = Path.Combine(_folder.Path, "nothing");
        Should.Throw<IOException>(() => Load(("HUB_ADMIN_KEY_FILE", file))).Message.ShouldStartWith($"HUB_ADMIN_KEY_FILE is \"{file}\"");
    }

    [Fact]
    public async Task A_place_where_no_database_can_be_is_named_with_its_variable() =>
        (await Should.ThrowAsync<IOException>(() => TestDatabase.OpenAsync(
            "/dev/null",
            TestContext.Current.CancellationToken))).Message.ShouldStartWith("HUB_DATA is \"/dev/null\"");

    [Fact]
    public void Days_and_the_address_of_a_database_are_checked_at_the_start_and_secrets_are_not_repeated()
    {
        Load().EventsDays.ShouldBe(30);
        Load(("HUB_EVENTS_DAYS", "7")).EventsDays.ShouldBe(7);
        Should.Throw<ArgumentException>(() => Load(("HUB_EVENTS_DAYS", "0"))).Message.ShouldContain("from 1 to 36500");
        Load().Database.ShouldBeNull();
        var file = Path.Combine(_folder.Path, "database");
        File.WriteAllText(file, "postgres://h/from-a-file\n");
        Load(("HUB_DATABASE", "postgres://h/d"), ("HUB_DATABASE_FILE", file)).Database.ShouldBe("postgres://h/from-a-file");
        Should.Throw<ArgumentException>(() => Load(("HUB_DATABASE", "mysql://u:secret@h/d"))).Message.ShouldNotContain("secret");
    }

    private static HubOptions Load(params (string Name, string Value)[] environment) =>
        HubOptions.Load(name => environment.Where(variable => variable.Name == name).Select(variable => variable.Value).SingleOrDefault());
}
