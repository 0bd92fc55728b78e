using DockMon.Agent.Configuration;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Configuration;

public sealed class AgentOptionsTests
{
    [Theory]
    [InlineData(null, true)]
    [InlineData("true", true)]
    [InlineData("No", false)]
    [InlineData("perhaps", true)]
    public void How_a_failed_start_is_told_is_known_even_when_nothing_else_is(string? value, bool json) =>
        AgentOptions.Load(name => name == "LOG_JSON" ? value : null).Options.LogJson.ShouldBe(json);

    [Fact]
    public void An_address_is_all_that_is_needed()
    {
        var options = Load(("DOCKMON_URL", "wss://dockmon.example.com"));

        options.ServerUrl.ShouldBe(new Uri("wss://dockmon.example.com/"));
        options.ReconnectInitial.ShouldBe(TimeSpan.FromSeconds(1));
        options.ReconnectMax.ShouldBe(TimeSpan.FromSeconds(60));
        options.ShutdownTimeout.ShouldBe(TimeSpan.FromSeconds(25));
        options.LogLevel.ShouldBe(LogLevel.Information);
        options.LogJson.ShouldBeTrue();
        options.StatsInterval.ShouldBe(TimeSpan.FromSeconds(1));
        options.StatsSource.ShouldBe(StatsOrigin.Auto);
        options.DataPath.ShouldBe("/data");
        options.StacksPath.ShouldBe("/data/stacks");
        options.AgentName.ShouldBeNull();
        options.RegistrationToken.ShouldBeNull();
        options.InsecureSkipVerify.ShouldBeFalse();
    }

    [Fact]
    public void Every_variable_reaches_its_option()
    {
        var options = Load(
            ("DOCKMON_URL", "https://host:8443/dockmon/"), ("REGISTRATION_TOKEN", "reg-1"), ("PERMANENT_TOKEN", "perm:2"),
            ("DOCKER_HOST", "tcp://engine:2376"), ("DOCKER_CERT_PATH", "/certs"), ("DOCKER_TLS_VERIFY", "1"),
            ("RECONNECT_INITIAL", "500ms"), ("RECONNECT_MAX", "1m30s"), ("LOG_LEVEL", "WARN"), ("LOG_JSON", "no"),
            ("AGENT_NAME", " Büro 1 "), ("FORCE_UNIQUE_REGISTRATION", "True"), ("DATA_PATH", "/var/lib/agent"),
            ("INSECURE_SKIP_VERIFY", "yes"), ("SHUTDOWN_TIMEOUT", "5s"), ("AGENT_STACKS_DIR", "/srv/stacks"), ("HOST_STACKS_DIR", "/host/stacks/"),
            ("STATS_INTERVAL", "2s"), ("STATS_SOURCE", "Kernel"));

        options.ShouldBe(new AgentOptions
        {
            ServerUrl = new Uri("wss://host:8443/dockmon/"),
            RegistrationToken = "reg-1",
            PermanentToken = "perm:2",
            DockerHost = "tcp://engine:2376",
            DockerCertPath = "/certs",
            DockerTlsVerify = "1",
            ReconnectInitial = TimeSpan.FromMilliseconds(500),
            ReconnectMax = TimeSpan.FromSeconds(90),
            LogLevel = LogLevel.Warning,
            LogJson = false,
            AgentName = "Büro 1",
            ForceUniqueRegistration = true,
            DataPath = "/var/lib/agent",
            StacksPath = "/srv/stacks",
            HostStacksPath = "/host/stacks/",
            InsecureSkipVerify = true,
            ShutdownTimeout = TimeSpan.FromSeconds(5),
            StatsInterval = TimeSpan.FromSeconds(2),
            StatsSource = StatsOrigin.Kernel,
        });
    }

    [Theory]
    [InlineData("http://h", "ws://h/")]
    [InlineData("https://h", "wss://h/")]
    [InlineData("HTTP://h:8000/a/b", "ws://h:8000/a/b")]
    [InlineData("ws://h:80/a/", "ws://h/a/")]
    [InlineData("https://h:80", "wss://h:80/")]
    [InlineData("wss://[::1]:8443", "wss://[::1]:8443/")]
    public void An_address_of_a_web_page_is_made_one_of_a_socket(string text, string expected) =>
        Load(("DOCKMON_URL", text)).ServerUrl.AbsoluteUri.ShouldBe(expected);

    [Theory]
    [InlineData("dockmon.example.com")]
    [InlineData("localhost:8000")]
    [InlineData("ftp://h")]
    [InlineData("https://")]
    [InlineData("/path")]
    [InlineData("wss://h/?a=b")]
    [InlineData("wss://h/#a")]
    [InlineData("wss://user:secret@h/")]
    [InlineData("what://user:secret@h/?token=secret")]
    [InlineData("user:secret@h?token=secret")]
    public void An_unusable_address_is_refused_without_telling_secrets(string text)
    {
        var message = Error(("DOCKMON_URL", text));

        message.ShouldStartWith("DOCKMON_URL is ");
        message.ShouldNotContain("secret");
    }

    [Theory]
    [InlineData("DOCKMON_URL", "", "not set")]
    [InlineData("RECONNECT_INITIAL", "5", "write 5s")]
    [InlineData("RECONNECT_INITIAL", "0s", "more than 0")]
    [InlineData("RECONNECT_MAX", "-1s", "duration")]
    [InlineData("RECONNECT_MAX", "500ms", "RECONNECT_INITIAL")]
    [InlineData("RECONNECT_MAX", "25h", "24h")]
    [InlineData("SHUTDOWN_TIMEOUT", "soon", "1m30s")]
    [InlineData("UPDATE_TIMEOUT", "10s", "at least 15s")]
    [InlineData("LOG_LEVEL", "loud", "debug, info, warn or error")]
    [InlineData("LOG_JSON", "maybe", "true or false")]
    [InlineData("INSECURE_SKIP_VERIFY", "2", "true or false")]
    [InlineData("FORCE_UNIQUE_REGISTRATION", "true", "AGENT_NAME")]
    [InlineData("AGENT_NAME", "a\nb", "control characters")]
    [InlineData("PERMANENT_TOKEN", "has a blank", "no token")]
    [InlineData("AUDIT_MAX_BYTES", "1000", "from 1MiB to 128MiB, or 0 to turn it off")]
    [InlineData("AUDIT_MAX_BYTES", "129MiB", "from 1MiB to 128MiB, or 0 to turn it off")]
    [InlineData("AUDIT_MAX_BYTES", "9999999999999999999999MiB", "a number of bytes, or of mebibytes such as 16MiB")]
    [InlineData("AUDIT_MAX_BYTES", "-1", "a number of bytes, or of mebibytes such as 16MiB")]
    [InlineData("AUDIT_MAX_BYTES", "much", "a number of bytes, or of mebibytes such as 16MiB")]
    [InlineData("STATS_INTERVAL", "5", "write 5s")]
    [InlineData("STATS_INTERVAL", "10ms", "at least 100ms, or 0")]
    [InlineData("STATS_SOURCE", "cgroups", "auto, kernel or engine")]
    [InlineData("STATS_SOURCE", "1", "auto, kernel or engine")]
    public void A_wrong_value_is_refused_in_one_line_that_names_the_variable(string variable, string value, string remedy)
    {
        var message = Error(("DOCKMON_URL", "ws://h"), (variable, value));

        message.ShouldStartWith(variable);
        message.ShouldContain(remedy);
        message.ShouldNotContain('\n');
    }

    [Theory]
    [InlineData("0")]
    [InlineData("0s")]
    public void An_interval_of_zero_turns_container_statistics_off(string text) =>
        Load(("DOCKMON_URL", "ws://h"), ("STATS_INTERVAL", text)).StatsInterval.ShouldBe(TimeSpan.Zero);

    [Theory]
    [InlineData("0", 0)]
    [InlineData("0MiB", 0)]
    [InlineData("1048576", 1048576)]
    [InlineData("128 mib", 134217728)]
    [InlineData("", 16777216)]
    public void The_size_of_the_audit_is_in_bytes_or_mebibytes(string text, long bytes) =>
        Load(("DOCKMON_URL", "ws://h"), ("AUDIT_MAX_BYTES", text)).AuditMaxBytes.ShouldBe(bytes);

    [Fact]
    public void A_name_that_is_too_long_is_refused() =>
        Error(("DOCKMON_URL", "ws://h"), ("AGENT_NAME", new string('n', 256))).ShouldContain("at most 255");

    [Fact]
    public void A_token_is_in_no_text()
    {
        Error(("DOCKMON_URL", "ws://h"), ("REGISTRATION_TOKEN", "\"tops3cret\"")).ShouldNotContain("tops3cret");

        var options = Load(("DOCKMON_URL", "ws://h"), ("REGISTRATION_TOKEN", "tops3cret"));
        options.ToString().ShouldNotContain("tops3cret");
        options.ToString().ShouldContain("RegistrationToken = set");
    }

    [Fact]
    public void All_wrong_variables_are_found_at_once_and_have_their_defaults()
    {
        var (options, errors) = LoadAny(
            ("DOCKMON_URL", "ftp://h"), ("REGISTRATION_TOKEN", "a b"), ("RECONNECT_MAX", "5"), ("RECONNECT_INITIAL", "2m"), ("LOG_LEVEL", "loud"),
            ("AGENT_NAME", "a\tb"),
            ("FORCE_UNIQUE_REGISTRATION", "true"),
            ("HOST_STACKS_DIR", "stacks"),
            ("SELF_UPDATE", "maybe"),
            ("SELF_UPDATE_IMAGE", "agent:3"),
            ("STATS_SOURCE", "kernel"));

        errors.Select(error => error.Variable).ShouldBe(
            ["DOCKMON_URL", "REGISTRATION_TOKEN", "RECONNECT_MAX", "LOG_LEVEL", "AGENT_NAME", "HOST_STACKS_DIR", "SELF_UPDATE", "SELF_UPDATE_IMAGE"]);
        (options.ReconnectMax, options.LogLevel, options.StatsSource).ShouldBe((TimeSpan.FromSeconds(60), LogLevel.Information, StatsOrigin.Kernel));
    }

    [Fact]
    public void An_error_has_its_problem_and_its_remedy_apart()
    {
        var error = LoadAny(("DOCKMON_URL", "ws://h"), ("STATS_SOURCE", "cgroups")).Errors.ShouldHaveSingleItem();

        error.ShouldBe(new ConfigurationError("STATS_SOURCE", "STATS_SOURCE is \"cgroups\"", "write auto, kernel or engine"));
        error.ToString().ShouldBe("STATS_SOURCE is \"cgroups\": write auto, kernel or engine");
    }

    internal static AgentOptions Load(params (string Name, string Value)[] variables)
    {
        var (options, errors) = LoadAny(variables);
        errors.ShouldBeEmpty();
        return options;
    }

    internal static string Error(params (string Name, string Value)[] variables) => LoadAny(variables).Errors.ShouldHaveSingleItem().ToString();

    private static (AgentOptions Options, IReadOnlyList<ConfigurationError> Errors) LoadAny(params (string Name, string Value)[] variables)
    {
        var environment = new Dictionary<string, string>();
        foreach (var (name, value) in variables)
        {
            environment[name] = value;
        }

        return AgentOptions.Load(environment.GetValueOrDefault);
    }
}
