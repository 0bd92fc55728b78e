using System.Buffers;

namespace DockMon.Engine;

/// <summary>An id of the engine: of a container, or of a network or an image, which have the same form.</summary>
/// <param name="Value">The whole id; an image's has its algorithm in front.</param>
public readonly record struct ContainerId(string Value)
{
    /// <summary>Characters of a whole id.</summary>
    public const int Length = 64;

    /// <summary>Characters of a short id.</summary>
    public const int ShortLength = 12;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>The short id that Docker shows, and takes for host name and alias where none is given; without an algorithm.</summary>
    public string Short
    {
        get
        {
            var start = Value.IndexOf(':', StringComparison.Ordinal) + 1;
            return Value.Substring(start, Math.Min(ShortLength, Value.Length - start));
        }
    }

    /// <summary>Whether a text has the form of a whole id.</summary>
    public static bool IsId(string? text) => text is { Length: Length } && IsReference(text);

    /// <summary>Whether a text has the form of a whole id or of the beginning of one, as long as a short id or longer.</summary>
    public static bool IsReference(string text) => text.Length is >= ShortLength and <= Length && !text.AsSpan().ContainsAnyExcept(HexDigits);

    /// <summary>Whether a reference means this id: it is the id, or the beginning of it, as long as a short id or longer.</summary>
    public bool Matches(string reference) =>
        reference == Value || (reference.Length >= ShortLength && Value.StartsWith(reference, StringComparison.OrdinalIgnoreCase));
}
