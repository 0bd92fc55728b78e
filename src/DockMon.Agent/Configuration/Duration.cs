using System.Globalization;
using System.Text.RegularExpressions;

namespace DockMon.Agent.Configuration;

/// <summary>Durations as people write them in Docker's world: <c>500ms</c>, <c>1s</c>, <c>2m</c>, <c>1h</c>, <c>1m30s</c>.</summary>
internal static partial class Duration
{
    /// <summary>Longest duration accepted: what is meant to be longer is a mistake, and timers end at 49 days.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    /// <summary>Reads a duration. A number without a unit is none.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (!Form().IsMatch(text))
        {
            return false;
        }

        foreach (Match part in Part().Matches(text))
        {
            var unit = part.Groups[2].Value switch
            {
                "ms" => TimeSpan.FromMilliseconds(1),
                "s" => TimeSpan.FromSeconds(1),
                "m" => TimeSpan.FromMinutes(1),
                _ => TimeSpan.FromHours(1),
            };
            var value = double.Parse(part.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            if (value * unit.Ticks > Longest.Ticks)
            {
                return false;
            }

            duration += unit * value;
        }

        return duration <= Longest;
    }

    [GeneratedRegex(@"^(?:\d{1,9}(?:\.\d{1,6})?(?:ms|s|m|h))+$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();

    [GeneratedRegex(@"(\d+(?:\.\d+)?)(ms|s|m|h)", RegexOptions.CultureInvariant)]
    private static partial Regex Part();
}
