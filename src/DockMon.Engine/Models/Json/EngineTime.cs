using System.Globalization;

namespace DockMon.Engine;

/// <summary>The engine takes points in time only as seconds since 1970; the docker command turns dates into that, and so does this.</summary>
internal static class EngineTime
{
    public static string ToSeconds(string time)
    {
        if (!time.Contains('-', StringComparison.Ordinal)
            || !DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var parsed))
        {
            return time;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{parsed.ToUnixTimeSeconds()}.{Nanoseconds(time)}");
    }

    // From the text: .NET counts only every hundredth nanosecond, and a line must not be sent twice.
    private static string Nanoseconds(string time)
    {
        var digits = time.IndexOf('.', StringComparison.Ordinal) is var dot and >= 0
            ? string.Concat(time.Skip(dot + 1).TakeWhile(char.IsAsciiDigit).Take(9))
            : "";
        return digits.PadRight(9, '0');
    }
}
