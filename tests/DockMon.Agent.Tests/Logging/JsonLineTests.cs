using System.Text.Json;
using CsCheck;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Logging;

public sealed class JsonLineTests
{
    private readonly FormattedLog _log = new(json: true);

    [Fact]
    public void A_line_has_time_level_logger_message_and_fields()
    {
        _log.Logger.LogWarning("Lost {ServerUrl} after {FrameCount} frames, {Retrying}", "wss://h/", 42, true);

        _log.Text.ShouldBe(
            """{"time":"2026-11-23T12:00:01.2500000Z","level":"warning","logger":"read_loop","msg":"Lost wss://h/ after 42 frames, True","""
            + """ "server_url":"wss://h/","frame_count":42,"retrying":true}""".TrimStart() + "\n");
    }

    [Theory]
    [InlineData(LogLevel.Trace, "debug")]
    [InlineData(LogLevel.Debug, "debug")]
    [InlineData(LogLevel.Information, "info")]
    [InlineData(LogLevel.Warning, "warning")]
    [InlineData(LogLevel.Error, "error")]
    [InlineData(LogLevel.Critical, "error")]
    public void Levels_have_names(LogLevel level, string name)
    {
        var log = new FormattedLog(json: true, minimum: LogLevel.Trace);

        log.Logger.Log(level, "x");

        log.Json.GetProperty("level").GetString().ShouldBe(name);
    }

    [Fact]
    public void What_is_below_the_minimum_is_not_written()
    {
        var log = new FormattedLog(json: true, minimum: LogLevel.Warning);

        log.Logger.LogInformation("x");

        log.Logger.IsEnabled(LogLevel.Information).ShouldBeFalse();
        log.Logger.IsEnabled(LogLevel.None).ShouldBeFalse();
        log.Text.ShouldBeEmpty();
    }

    [Fact]
    public void An_exception_is_told_with_its_causes_and_an_error_with_its_stack()
    {
        var thrown = Thrown();

        _log.Logger.LogWarning(thrown, "x");
        _log.Json.GetProperty("error").GetString().ShouldBe("IOException: outer <- TimeoutException: inner");
        _log.Json.TryGetProperty("stack", out _).ShouldBeFalse();

        _log.Logger.LogError(thrown, "x");
        _log.Json.GetProperty("stack").GetString()!.ShouldContain(nameof(Thrown));
        _log.Lines.Length.ShouldBe(2);
    }

    [Fact]
    public void Fields_do_not_replace_the_parts_of_the_line()
    {
        _log.Logger.LogWarning(new IOException("e"), "{Time} {Level} {Msg} {Error}", 1, 2, 3, 4);

        var keys = _log.Json.EnumerateObject().Select(p => p.Name).ToArray();
        keys.ShouldBe(["time", "level", "logger", "msg", "time_", "level_", "msg_", "error_", "error"]);
    }

    [Fact]
    public void Values_keep_their_kind()
    {
        _log.Logger.LogInformation(
            "{Nothing} {Long} {Ratio} {NotANumber} {When} {Kind} {Names} {Span}",
            null, 5_000_000_000L, 0.5, double.NaN, DateTimeOffset.UnixEpoch, LogLevel.Error, new[] { "a", "b" }, TimeSpan.FromSeconds(1));

        var json = _log.Json;
        json.GetProperty("nothing").ValueKind.ShouldBe(JsonValueKind.Null);
        json.GetProperty("long").GetInt64().ShouldBe(5_000_000_000);
        json.GetProperty("ratio").GetDouble().ShouldBe(0.5);
        json.GetProperty("not_a_number").GetString().ShouldBe("NaN");
        json.GetProperty("when").GetString().ShouldBe("1970-01-01T00:00:00.0000000Z");
        json.GetProperty("kind").GetString().ShouldBe("Error");
        json.GetProperty("names").GetString().ShouldBe("a, b");
        json.GetProperty("span").GetString().ShouldBe("00:00:01");
    }

    [Fact]
    public void Any_text_stays_in_its_line_and_its_value() => Gen.String.Sample(text =>
    {
        var log = new FormattedLog(json: true);
        log.Logger.LogInformation("{Text}", text);
        return log.Lines.Length == 1 && (text.Any(char.IsSurrogate) || log.Json.GetProperty("text").GetString() == text);
    });

    [Fact]
    public void A_text_without_end_is_cut()
    {
        _log.Logger.LogInformation("{Text}", new string('x', 1_000_000));

        _log.Text.Length.ShouldBeLessThan(20_000);
        _log.Json.GetProperty("text").GetString()!.ShouldEndWith("…");
    }

    private static IOException Thrown()
    {
        try
        {
            throw new IOException("outer", new TimeoutException("inner"));
        }
        catch (IOException e)
        {
            return e;
        }
    }
}
