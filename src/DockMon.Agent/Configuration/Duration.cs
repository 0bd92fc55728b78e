using System.Buffers;
using System.Globalization;

namespace DockMon.Agent.Configuration;

/// <summary>Durations as people write them: <c>500ms</c>, <c>1s</c>, <c>1m30s</c>, <c>1.5h</c>.</summary>
internal static class Duration
{
    /// <summary>What <see cref="TryParse"/> accepts, for messages.</summary>
    public const string Accepted = "a duration such as 500ms, 30s, 2m, 1h or 1m30s";

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    // Two-letter units first, so that the "m" of "ms" is not taken for minutes.
    private static readonly (string Name, long Ticks)[] Units =
    [
        ("ms", TimeSpan.TicksPerMillisecond),
        ("s", TimeSpan.TicksPerSecond),
        ("m", TimeSpan.TicksPerMinute),
        ("h", TimeSpan.TicksPerHour),
    ];

    /// <summary>Reads numbers with units, larger units first. A number without a unit is refused.</summary>
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = default;
        var rest = text.AsSpan();
        var total = 0m;
        var previousUnit = long.MaxValue;
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOfAnyExcept(NumberCharacters);
            if (end < 1 || !TryNumber(rest[..end], out var number) || !TryUnit(rest[end..], out var unit) || unit.Ticks >= previousUnit)
            {
                return false;
            }

            total += number * unit.Ticks;
            previousUnit = unit.Ticks;
            rest = rest[(end + unit.Name.Length)..];
        }

        if (previousUnit == long.MaxValue || total > TimeSpan.MaxValue.Ticks)
        {
            return false;
        }

        duration = TimeSpan.FromTicks((long)total);
        return true;
    }

    /// <summary>Writes a duration the way <see cref="TryParse"/> reads it.</summary>
    public static string Format(TimeSpan duration)
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{Part((long)duration.TotalHours, "h")}{Part(duration.Minutes, "m")}{Part(duration.Seconds, "s")}{Part(duration.Milliseconds, "ms")}");
        return text.Length > 0 ? text : "0s";
    }

    private static string Part(long count, string unit) => count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{count}{unit}");

    // Twelve digits keep the sum far from the end of a decimal.
    private static bool TryNumber(ReadOnlySpan<char> text, out decimal number)
    {
        number = 0;
        return text.Length <= 12 && decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);
    }

    private static bool TryUnit(ReadOnlySpan<char> text, out (string Name, long Ticks) unit)
    {
        foreach (var candidate in Units)
        {
            if (text.StartsWith(candidate.Name, StringComparison.Ordinal))
            {
                unit = candidate;
                return true;
            }
        }

        unit = default;
        return false;
    }
}
