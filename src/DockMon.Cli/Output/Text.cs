using System.Text;
using DockMon.Protocol;

namespace DockMon.Cli.Output;

/// <summary>What others wrote, on a terminal: names, labels and errors must not move the cursor, colour the screen or turn the direction of writing.</summary>
internal static class Text
{
    /// <summary>The text on one line, harmless.</summary>
    public static string Safe(string? text) => Visible.Escape(text ?? "");

    /// <summary>A line of a log: tabs stay.</summary>
    public static string SafeLine(string text) => string.Join('\t', text.Split('\t').Select(Visible.Escape));

    /// <summary>Columns that a harmless text takes on a terminal; wide characters count twice.</summary>
    public static int Width(string text)
    {
        var width = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            width += IsWide(rune) ? 2 : 1;
        }

        return width;
    }

    /// <summary>The text in at most so many columns, with an ellipsis where it was cut.</summary>
    public static string Fit(string text, int columns)
    {
        if (Width(text) <= columns)
        {
            return text;
        }

        var fitted = new StringBuilder();
        var left = columns - 1;
        foreach (var rune in text.EnumerateRunes())
        {
            left -= IsWide(rune) ? 2 : 1;
            if (left < 0)
            {
                break;
            }

            fitted.Append(rune.ToString());
        }

        return columns > 0 ? fitted.Append('…').ToString() : "";
    }

    private static bool IsWide(Rune rune) => rune.Value is (>= 0x1100 and <= 0x115F) or (>= 0x2E80 and <= 0xA4CF) or (>= 0xAC00 and <= 0xD7A3)
        or (>= 0xF900 and <= 0xFAFF) or (>= 0xFE30 and <= 0xFE6F) or (>= 0xFF00 and <= 0xFF60) or (>= 0xFFE0 and <= 0xFFE6) or (>= 0x1F300 and <= 0x1FAFF)
        or (>= 0x20000 and <= 0x3FFFD);
}
