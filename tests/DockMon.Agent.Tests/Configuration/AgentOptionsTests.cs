using DockMon.Agent.Configuration;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Configuration;

public sealed class AgentOptionsTests
{
    [Fact]
    public void The_defaults_are_those_of_the_documentation()
    {
        var options = Load([("DOCKMON_URL", "wss://dockmon.example.com")]);
        options.ReconnectInitial.ShouldBe(TimeSpan.FromSeconds(1));
        options.ReconnectMax.ShouldBe(TimeSpan.FromSeconds(60));
        options.ShutdownTimeout.ShouldBe(TimeSpan.FromSeconds(25));
        options.LogLevel.ShouldBe(LogLevel.Information);
        options.LogJson.ShouldBeTrue();
        options.DataPath.ShouldBe("/data");
        options.InsecureSkipVerify.ShouldBeFalse();
        options.AgentName.ShouldBeNull();
        options.RegistrationToken.ShouldBeNull();
    }

    [Theory]
    [InlineData("ws://h:8000", "ws://h:8000/")]
    [InlineData("http://h", "ws://h/")]
    [InlineData("https://h/dock/mon/", "wss://h/dock/mon/")]
    [InlineData("WSS://H:443", "wss://h/")]
    [InlineData("  wss://h  ", "wss://h/")]
    public void A_url_of_the_web_is_the_websockets_url(string given, string expected) => Load([("DOCKMON_URL", given)]).ServerUrl.ToString().ShouldBe(expected);

    [Theory]
    [InlineData("DOCKMON_URL", null, "DOCKMON_URL is not set")]
    [InlineData("DOCKMON_URL", "", "DOCKMON_URL is not set")]
    [InlineData("DOCKMON_URL", "dockmon.example.com", "DOCKMON_URL is \"dockmon.example.com\"")]
    [InlineData("DOCKMON_URL", "ftp://h", "DOCKMON_URL is \"ftp://h\"")]
    [InlineData("DOCKMON_URL", "wss://h/?x=1", "no user, query or fragment")]
    [InlineData("DOCKMON_URL", "wss://user:hunter2@h", "has a user name in it")]
    [InlineData("RECONNECT_INITIAL", "5", "RECONNECT_INITIAL is \"5\": it must be a duration above zero with its unit")]
    [InlineData("RECONNECT_INITIAL", "0s", "RECONNECT_INITIAL is \"0s\"")]
    [InlineData("RECONNECT_MAX", "500ms", "at least RECONNECT_INITIAL (1 s)")]
    [InlineData("SHUTDOWN_TIMEOUT", "-1s", "SHUTDOWN_TIMEOUT is \"-1s\"")]
    [InlineData("LOG_LEVEL", "verbose", "one of debug, info, warn, error")]
    [InlineData("LOG_JSON", "maybe", "LOG_JSON is \"maybe\": it must be true or false")]
    [InlineData("INSECURE_SKIP_VERIFY", "2", "INSECURE_SKIP_VERIFY is \"2\"")]
    [InlineData("FORCE_UNIQUE_REGISTRATION", "true", "AGENT_NAME is not")]
    [InlineData("REGISTRATION_TOKEN", "has space", "REGISTRATION_TOKEN is not a token")]
    [InlineData("REGISTRATION_TOKEN_FILE", "/no/such/file", "REGISTRATION_TOKEN_FILE names /no/such/file, which cannot be read")]
    public void An_invalid_value_is_one_line_that_names_it_and_what_is_accepted(string name, string? value, string words)
    {
        var message = Should.Throw<ConfigurationException>(() => Load([("DOCKMON_URL", "wss://h"), (name, value)])).Message;
        message.ShouldContain(words);
        message.ShouldNotContain("\n");
        message.ShouldNotContain("hunter2");
        message.ShouldNotContain("has space");
    }

    [Fact]
    public void A_token_may_come_from_a_file_but_not_from_both_places()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "token-from-file\n");
            Load([("DOCKMON_URL", "wss://h"), ("PERMANENT_TOKEN_FILE", file)]).PermanentToken.ShouldBe("token-from-file");
            Should.Throw<ConfigurationException>(() => Load([("DOCKMON_URL", "wss://h"), ("PERMANENT_TOKEN_FILE", file), ("PERMANENT_TOKEN", "x")])).Message.ShouldContain("both set");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("1s", 1_000)]
    [InlineData("500ms", 500)]
    [InlineData("2m", 120_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("1m30s", 90_000)]
    [InlineData("1.5s", 1_500)]
    public void Durations_have_units(string text, double milliseconds)
    {
        Duration.TryParse(text, out var duration).ShouldBeTrue();
        duration.TotalMilliseconds.ShouldBe(milliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("s")]
    [InlineData("1 s")]
    [InlineData("1d")]
    [InlineData("1e3s")]
    [InlineData("999999999h")]
    [InlineData("100h100h")]
    [InlineData("9999999999999999999s")]
    public void Anything_else_is_no_duration(string text) => Duration.TryParse(text, out _).ShouldBeFalse();

    private static AgentOptions Load((string Name, string? Value)[] variables)
    {
        var environment = new Dictionary<string, string?>();
        foreach (var (name, value) in variables)
        {
            environment[name] = value;
        }

        return AgentOptions.Load(name => environment.GetValueOrDefault(name));
    }
}
