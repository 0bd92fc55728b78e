using System.Buffers;
using System.Globalization;
using System.Text;

namespace DockMon.Protocol;

/// <summary>What others wrote, in a text of ours: nothing in it may end a line, move the cursor or turn the direction of writing.</summary>
public static class Visible
{
    /// <summary>Whether a text has a character that shows nothing and does something.</summary>
    public static bool HasHidden(ReadOnlySpan<char> text) => IndexOfHidden(text, out _) >= 0;

    /// <summary>The text with an escape such as <c>\u001b</c> for each such character.</summary>
    public static string Escape(string text) => Replace(text, static hidden => string.Concat(hidden.Select(unit => $"\\u{(int)unit:x4}")));

    /// <summary>The text with a space for each such character.</summary>
    public static string Blank(string text) => Replace(text, static _ => " ");

    /// <summary>The text without such characters.</summary>
    public static string Remove(string text) => Replace(text, static _ => "");

    /// <summary>The beginning of a text, without such characters.</summary>
    public static string Cut(string text, int maximum)
    {
        var visible = Remove(text);
        return visible.Length <= maximum ? visible : visible[..(char.IsHighSurrogate(visible[maximum - 1]) ? maximum - 1 : maximum)] + "…";
    }

    private static string Replace(string text, Func<string, string> replacement)
    {
        var at = IndexOfHidden(text, out var length);
        if (at < 0)
        {
            return text;
        }

        var result = new StringBuilder(text.Length + 16);
        var rest = text.AsSpan();
        for (; at >= 0; at = IndexOfHidden(rest, out length))
        {
            result.Append(rest[..at]).Append(replacement(rest.Slice(at, length).ToString()));
            rest = rest[(at + length)..];
        }

        return result.Append(rest).ToString();
    }

    private static int IndexOfHidden(ReadOnlySpan<char> text, out int length)
    {
        length = 0;
        for (var at = text.IndexOfAnyExceptInRange(' ', '~'); at >= 0 && at < text.Length; at += length)
        {
            // Half of a surrogate pair shows as a question mark or a box, and does nothing.
            if (Rune.DecodeFromUtf16(text[at..], out var character, out length) == OperationStatus.Done && IsHidden(character))
            {
                return at;
            }
        }

        return -1;
    }

    private static bool IsHidden(Rune character) => Rune.GetUnicodeCategory(character) is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
