using System.Globalization;

namespace DockMon.Agent.Streams.HealthChecks;

/// <summary>The status codes that mean "healthy", as the server writes them: <c>200,204,300-399</c>.</summary>
internal sealed class ExpectedStatus
{
    /// <summary>What counts when nothing is said.</summary>
    public static readonly ExpectedStatus Default = new([(200, 200)]);

    private readonly List<(int From, int To)> _ranges;

    private ExpectedStatus(List<(int From, int To)> ranges) => _ranges = ranges;

    /// <summary>Reads codes and ranges.</summary>
    /// <exception cref="FormatException">It is no such list; the message says what is wrong with it.</exception>
    public static ExpectedStatus Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return Default;
        }

        var ranges = new List<(int, int)>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-', StringSplitOptions.TrimEntries);
            if (ends.Length > 2 || !TryCode(ends[0], out var from) || !TryCode(ends[^1], out var to) || from > to)
            {
                throw new FormatException($"expected_status_codes: \"{part}\" is neither a status code (100 to 599) nor a range of them such as 200-299");
            }

            ranges.Add((from, to));
        }

        return ranges.Count > 0 ? new ExpectedStatus(ranges) : throw new FormatException("expected_status_codes names no status code");
    }

    /// <summary>Whether a status is expected.</summary>
    public bool Includes(int status) => _ranges.Exists(range => status >= range.From && status <= range.To);

    private static bool TryCode(string text, out int code) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out code) && code is >= 100 and <= 599;
}
