using CsCheck;
using DockMon.Agent.Logging;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Logging;

public sealed class TextLineTests
{
    private readonly FormattedLog _log = new(json: false, category: "connection");

    [Fact]
    public void A_line_is_for_people()
    {
        _log.Logger.LogInformation("Connected to {Url}", "wss://h/");
        _log.Logger.LogWarning(new IOException("gone"), "Lost");

        _log.Lines.ShouldBe(["2026-11-23 12:00:01Z INF connection: Connected to wss://h/", "2026-11-23 12:00:01Z WRN connection: Lost (IOException: gone)"]);
    }

    [Fact]
    public void An_error_has_its_stack_in_the_same_line()
    {
        try
        {
            throw new IOException("gone");
        }
        catch (IOException e)
        {
            _log.Logger.LogError(e, "Lost");
        }

        _log.Lines.Single().ShouldContain("(IOException: gone) at ");
    }

    [Fact]
    public void Nobody_can_write_a_line_or_move_the_cursor_through_a_value()
    {
        _log.Logger.LogInformation("Name {Name}", "a\r\n2026-11-23 ERR\tfake: \u001b[2J\u2028\u202e");

        _log.Lines.ShouldBe([@"2026-11-23 12:00:01Z INF connection: Name a\r\n2026-11-23 ERR\tfake: \u001b[2J\u2028\u202e"]);
    }

    [Fact]
    public void A_long_text_is_not_cut_in_the_middle_of_a_character() =>
        LogEntry.Cut(new string('x', LogEntry.MaxTextLength - 1) + "😀").ShouldBe(new string('x', LogEntry.MaxTextLength - 1) + "…");

    [Fact]
    public void Any_text_stays_in_its_line() => Gen.String.Sample(text =>
    {
        var log = new FormattedLog(json: false);
        log.Logger.LogInformation("{Text}", text);
        return log.Lines.Length == 1 && !Visible.HasHidden(log.Lines[0]);
    });
}
