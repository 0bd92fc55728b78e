using System.Globalization;

namespace DockMon.Protocol;

/// <summary>Times as the wire has them: RFC 3339, UTC, with a <c>Z</c>.</summary>
public static class Rfc3339
{
    /// <summary>Room, in characters, for any time this class writes.</summary>
    public const int MaxLength = 32;

    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>Writes a time with its fraction to 100 ns.</summary>
    /// <returns>The number of characters written.</returns>
    public static int Format(DateTimeOffset time, Span<char> destination) =>
        time.UtcDateTime.TryFormat(destination, out var written, "yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture)
            ? written : throw new ArgumentException("The destination is too short.", nameof(destination));

    /// <summary>A time with its fraction to 100 ns.</summary>
    public static string Format(DateTimeOffset time)
    {
        Span<char> text = stackalloc char[MaxLength];
        return text[..Format(time, text)].ToString();
    }

    /// <summary>A time to the second: <c>2026-11-23T08:24:59Z</c>.</summary>
    public static string FormatSeconds(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    /// <summary>A time given in nanoseconds since 1970, as Docker's <c>timeNano</c>, with all nine digits.</summary>
    public static string FormatUnixNanoseconds(long nanoseconds)
    {
        var (seconds, fraction) = Math.DivRem(nanoseconds, NanosecondsPerSecond);
        if (fraction < 0)
        {
            (seconds, fraction) = (seconds - 1, fraction + NanosecondsPerSecond);
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"{DateTimeOffset.FromUnixTimeSeconds(seconds).UtcDateTime:yyyy-MM-ddTHH:mm:ss}.{fraction:000000000}Z");
    }

    /// <summary>Reads an RFC 3339 time. Digits beyond 100 ns are cut off.</summary>
    public static bool TryParse(string? text, out DateTimeOffset time)
    {
        time = default;
        // .NET alone would also take "1.5" or "10:30" for times; a missing offset is UTC, as some clients send it.
        if (text is not { Length: >= 19 } || text[4] != '-' || text[10] is not ('T' or 't' or ' '))
        {
            return false;
        }

        // .NET reads at most seven digits of a fraction; Docker writes nine.
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot >= 0)
        {
            var end = dot + 1;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
            {
                end++;
            }

            if (end - dot - 1 > 7)
            {
                text = string.Concat(text.AsSpan(0, dot + 8), text.AsSpan(end));
            }
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
    }
}
