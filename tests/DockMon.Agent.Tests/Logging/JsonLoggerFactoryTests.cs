using System.Text.Json;
using DockMon.Agent.Logging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Logging;

public sealed class JsonLoggerFactoryTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 8, 24, 50, TimeSpan.Zero));
    private readonly StringWriter _output = new();

    [Fact]
    public void A_json_line_has_the_time_first_then_level_logger_message_and_fields()
    {
        Logger(json: true).LogWarning("Container {ContainerName} ended with {ExitCode} after {Seconds} s", "web \"1\"", 137, 2.5);
        _output.ToString().ShouldBe(
            """{"time":"2026-11-23T08:24:50.0000000Z","level":"warning","logger":"Part","msg":"Container web \"1\" ended with 137 after 2.5 s","container_name":"web \"1\"","exit_code":137,"seconds":2.5}""" + "\n");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Nothing_in_a_value_makes_a_second_line_or_steers_a_terminal(bool json)
    {
        Logger(json).LogInformation("name {Name}", "a\nb\r\u001b[31mred\u0000");
        var text = _output.ToString();
        text.Count(c => c == '\n').ShouldBe(1);
        text.TrimEnd('\n').ShouldNotContain('\r');
        text.ShouldNotContain('\u001b');
        text.ShouldNotContain('\0');
    }

    [Fact]
    public void An_exception_is_told_with_its_type_message_and_stack()
    {
        try
        {
            throw new InvalidOperationException("broken\nin two");
        }
        catch (InvalidOperationException e)
        {
            Logger(json: true).LogError(e, "It failed");
        }

        var line = JsonElement.Parse(_output.ToString());
        line.GetProperty("level").GetString().ShouldBe("error");
        line.GetProperty("error").GetString().ShouldBe("InvalidOperationException: broken\nin two");
        line.GetProperty("stack").GetString()!.ShouldContain(nameof(An_exception_is_told_with_its_type_message_and_stack));
    }

    [Fact]
    public void A_readable_line_is_one_line_and_lower_levels_are_left_out()
    {
        var logger = Logger(json: false);
        logger.LogDebug("not this");
        logger.LogInformation("this");
        _output.ToString().ShouldBe("2026-11-23 08:24:50.000Z INF Part: this\n");
    }

    private ILogger Logger(bool json) => new JsonLoggerFactory(_output, LogLevel.Information, json, _time).CreateLogger("DockMon.Some.Part");
}
