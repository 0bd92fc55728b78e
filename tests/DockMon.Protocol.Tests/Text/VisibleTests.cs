using Shouldly;
using Xunit;

namespace DockMon.Protocol.Tests;

public sealed class VisibleTests
{
    [Theory]
    [InlineData("\n", "\\u000a")]
    [InlineData("\u001b", "\\u001b")]
    [InlineData("\u007f", "\\u007f")]
    [InlineData("\u0085", "\\u0085")]
    [InlineData("\u009b", "\\u009b")] // Begins an escape sequence alone.
    [InlineData("\u202e", "\\u202e")] // Turns the direction of writing.
    [InlineData("\u2066", "\\u2066")]
    [InlineData("\u200b", "\\u200b")]
    [InlineData("\u2028", "\\u2028")]
    [InlineData("\u2029", "\\u2029")]
    [InlineData("\ufeff", "\\ufeff")]
    [InlineData("\U000e0041", "\\udb40\\udc41")] // A letter that is not shown.
    public void A_character_that_shows_nothing_and_does_something_is_hidden(string character, string escaped)
    {
        Visible.HasHidden(character).ShouldBeTrue();
        Visible.Escape($"a{character}b{character}").ShouldBe($"a{escaped}b{escaped}");
        Visible.Blank($"a{character}b").ShouldBe("a b");
        Visible.Cut($"a{character}b", 10).ShouldBe("ab");
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("plain, \\ and \"quoted\" ~")]
    [InlineData("ü ₂ 漢 😀")]
    public void What_shows_something_stays(string text)
    {
        Visible.HasHidden(text).ShouldBeFalse();
        Visible.Escape(text).ShouldBe(text);
        Visible.Blank(text).ShouldBe(text);
        Visible.Cut(text, 100).ShouldBe(text);
    }

    [Theory]
    [InlineData("short", 10, "short")]
    [InlineData("exactly", 7, "exactly")]
    [InlineData("one too long", 11, "one too lon…")]
    [InlineData("a\nb\u202ec", 10, "abc")]
    [InlineData("\u001b[31mred", 3, "[31…")]
    [InlineData("", 5, "")]
    public void A_text_is_cut_after_what_is_hidden_was_taken_out(string text, int maximum, string cut) => Visible.Cut(text, maximum).ShouldBe(cut);

    [Fact]
    public void Half_of_a_pair_does_nothing_and_stays() => Visible.Escape("a" + '\ud83d' + "b").ShouldBe("a" + '\ud83d' + "b");

    [Fact]
    public void A_character_of_two_parts_is_never_cut_in_two() => Visible.Cut("ab😀cd", 3).ShouldBe("ab…");
}
