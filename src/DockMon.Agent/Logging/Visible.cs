using System.Globalization;

namespace DockMon.Agent.Logging;

/// <summary>What others wrote, in a text of ours: nothing in it may end a line, move the cursor or turn the direction of writing.</summary>
internal static class Visible
{
    /// <summary>Whether a character shows nothing and does something.</summary>
    public static bool IsHidden(char c) => char.GetUnicodeCategory(c) is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    /// <summary>The beginning of a text, without such characters.</summary>
    public static string Cut(string text, int maximum)
    {
        var visible = string.Concat(text.Where(c => !IsHidden(c)));
        return visible.Length <= maximum ? visible : visible[..(char.IsHighSurrogate(visible[maximum - 1]) ? maximum - 1 : maximum)] + "…";
    }
}
