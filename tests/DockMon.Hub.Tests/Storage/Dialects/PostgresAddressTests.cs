using DockMon.Hub.Storage.Dialects;
using DockMon.Testing;
using Npgsql;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Storage.Dialects;

public sealed class PostgresAddressTests
{
    [Fact]
    public void An_address_has_all_that_a_connection_needs()
    {
        var address = PostgresAddress.Parse("postgres://us%40er:p%40ss%2Fw%3Ard@db.example:6432/my%20hub?sslmode=verify-full");
        var settings = new NpgsqlConnectionStringBuilder(address.ConnectionString);
        (settings.Host, settings.Port, settings.Database).ShouldBe(("db.example", 6432, "my hub"));
        (settings.Username, settings.Password, settings.SslMode).ShouldBe(("us@er", "p@ss/w:rd", SslMode.VerifyFull));
        address.Name.ShouldBe("db.example:6432/my hub");
    }

    [Fact]
    public void What_an_address_leaves_out_has_a_default()
    {
        var settings = new NpgsqlConnectionStringBuilder(PostgresAddress.Parse("postgresql://db/hub").ConnectionString);
        (settings.Host, settings.Port, settings.Database, settings.Username, settings.Password).ShouldBe(("db", 5432, "hub", null, null));
    }

    [Theory]
    [InlineData("postgres:///hub?host=/run/postgresql", "/run/postgresql")]
    [InlineData("postgres://u@[::1]:5433/hub", "::1")]
    public void A_socket_and_an_address_of_IPv6_are_hosts_too(string url, string host) =>
        new NpgsqlConnectionStringBuilder(PostgresAddress.Parse(url).ConnectionString).Host.ShouldBe(host);

    [Fact]
    public void A_certificate_is_a_file_that_is_there()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("ca.pem", "x");
        var settings = new NpgsqlConnectionStringBuilder(PostgresAddress.Parse($"postgres://h/d?sslrootcert={Uri.EscapeDataString(file)}").ConnectionString);
        settings.RootCertificate.ShouldBe(file);
        Should.Throw<ArgumentException>(() => PostgresAddress.Parse("postgres://h/d?sslrootcert=/nowhere")).Message.ShouldContain("/nowhere");
    }

    [Theory]
    [InlineData("hub", "no address")]
    [InlineData("/var/lib/hub.db", "file://")]
    [InlineData("mysql://u:geheim@h/d", "mysql://")]
    [InlineData("postgres://u:geheim@h", "names no database")]
    [InlineData("postgres://u:geheim@h/a/b", "names no database")]
    [InlineData("postgres://u:ge/heim@h/d", "postgres://user:password@host:5432/name")]
    [InlineData("postgres:///hub", "names no host")]
    [InlineData("postgres://u:geheim@h:banana/d", "no address")]
    [InlineData("postgres://u:geheim@h/d?sslmode=on", "verify-full")]
    [InlineData("postgres://u:geheim@h/d?pool=9", "the option pool")]
    public void A_wrong_address_says_what_is_wrong_and_never_the_password(string url, string part)
    {
        var message = Should.Throw<ArgumentException>(() => PostgresAddress.Parse(url)).Message;
        message.ShouldContain("HUB_DATABASE");
        message.ShouldContain(part);
        message.ShouldNotContain("geheim");
        message.ShouldNotContain("heim@");
    }
}
