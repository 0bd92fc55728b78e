using DockMon.Agent.Logging;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Logging;

public sealed class VisibleTests
{
    [Theory]
    [InlineData('\n', true)]
    [InlineData('\u001b', true)]
    [InlineData('\u007f', true)]
    [InlineData('\u0085', true)]
    [InlineData('\u202e', true)] // Turns the direction of writing.
    [InlineData('\u200b', true)]
    [InlineData('\u2028', true)]
    [InlineData('\u2029', true)]
    [InlineData('\ufeff', true)]
    [InlineData(' ', false)]
    [InlineData('a', false)]
    [InlineData('ü', false)]
    [InlineData('\\', false)]
    public void A_character_that_shows_nothing_and_does_something_is_hidden(char c, bool hidden) => Visible.IsHidden(c).ShouldBe(hidden);

    [Theory]
    [InlineData("short", 10, "short")]
    [InlineData("exactly", 7, "exactly")]
    [InlineData("one too long", 11, "one too lon…")]
    [InlineData("a\nb\u202ec", 10, "abc")]
    [InlineData("\u001b[31mred", 3, "[31…")]
    [InlineData("", 5, "")]
    public void A_text_is_cut_after_what_is_hidden_was_taken_out(string text, int maximum, string cut) => Visible.Cut(text, maximum).ShouldBe(cut);

    [Fact]
    public void A_character_of_two_parts_is_never_cut_in_two() => Visible.Cut("ab😀cd", 3).ShouldBe("ab…");

    [Theory]
    [InlineData("DockMon.Agent.Connection.ReadLoop", "read_loop")]
    [InlineData("Plain", "plain")]
    [InlineData("Ends.", "")]
    [InlineData("", "")]
    public void A_logger_is_called_by_the_last_part_of_its_category(string category, string name) => LogName.OfCategory(category).ShouldBe(name);

    [Theory]
    [InlineData("ContainerId", false, "container_id")]
    [InlineData("Time", false, "time_")]
    [InlineData("Level", false, "level_")]
    [InlineData("Logger", false, "logger_")]
    [InlineData("Msg", false, "msg_")]
    [InlineData("Error", false, "error")]
    [InlineData("Error", true, "error_")]
    [InlineData("Stack", true, "stack_")]
    public void A_field_never_has_the_name_of_one_that_the_line_has_itself(string name, bool hasException, string key) =>
        LogName.OfField(name, hasException).ShouldBe(key);

    [Theory]
    [InlineData(LogLevel.Trace, "debug")]
    [InlineData(LogLevel.Debug, "debug")]
    [InlineData(LogLevel.Information, "info")]
    [InlineData(LogLevel.Warning, "warning")]
    [InlineData(LogLevel.Error, "error")]
    [InlineData(LogLevel.Critical, "error")]
    public void Levels_have_four_names(LogLevel level, string name) => LogName.OfLevel(level).ShouldBe(name);
}
