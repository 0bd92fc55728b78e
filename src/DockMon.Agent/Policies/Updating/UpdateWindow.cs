using System.Globalization;

namespace DockMon.Agent.Policies.Updating;

/// <summary>A time of some days of the week, as the clocks of a place show it, at which updates may begin.</summary>
/// <param name="Text">As the policy writes it.</param>
/// <param name="Days">The days on which it opens.</param>
/// <param name="From">When it opens, from midnight.</param>
/// <param name="Length">How long it is open; it may end on the next day.</param>
internal sealed record UpdateWindow(string Text, IReadOnlySet<DayOfWeek> Days, TimeSpan From, TimeSpan Length)
{
    /// <summary>What <see cref="Parse"/> accepts, for messages.</summary>
    public const string Accepted = "a time such as 02:00-05:00, 23:30-04:00 or Sat-Sun 02:00-05:00";

    private static readonly string[] Names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    private static readonly HashSet<DayOfWeek> EveryDay = [.. Enum.GetValues<DayOfWeek>()];

    /// <summary>Reads one; null when it is none.</summary>
    public static UpdateWindow? Parse(string text)
    {
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (parts.Length is not (1 or 2)
            || (parts.Length == 1 ? EveryDay : DaysOf(parts[0])) is not { } days
            || parts[^1].Split('-') is not [var first, var last]
            || TimeOf(first) is not { } from || TimeOf(last) is not { } to
            || from == TimeSpan.FromDays(1) || from == to)
        {
            return null;
        }

        return new UpdateWindow(text, days, from, to > from ? to - from : to - from + TimeSpan.FromDays(1));
    }

    /// <summary>Whether it is open.</summary>
    /// <param name="local">What the clocks show.</param>
    public bool IsOpen(DateTime local) => OpeningOf(local.Date) is { } today && today <= local && local < today + Length
        || (OpeningOf(local.Date.AddDays(-1)) is { } before && local < before + Length);

    /// <summary>When it opens next.</summary>
    /// <param name="local">What the clocks show now.</param>
    public DateTime NextOpening(DateTime local)
    {
        for (var date = local.Date; ; date = date.AddDays(1))
        {
            if (OpeningOf(date) is { } opening && opening > local)
            {
                return opening;
            }
        }
    }

    private DateTime? OpeningOf(DateTime date) => Days.Contains(date.DayOfWeek) ? date + From : null;

    private static TimeSpan? TimeOf(string text) =>
        text is [_, _, ':', _, _]
        && int.TryParse(text.AsSpan(0, 2), NumberStyles.None, CultureInfo.InvariantCulture, out var hours)
        && int.TryParse(text.AsSpan(3, 2), NumberStyles.None, CultureInfo.InvariantCulture, out var minutes)
        && minutes < 60 && (hours < 24 || (hours, minutes) == (24, 0))
            ? new TimeSpan(hours, minutes, 0)
            : null;

    private static HashSet<DayOfWeek>? DaysOf(string text)
    {
        var days = new HashSet<DayOfWeek>();
        foreach (var range in text.Split(',').Select(item => item.Split('-')))
        {
            var (first, last) = (Array.IndexOf(Names, range[0]), Array.IndexOf(Names, range[^1]));
            if (range.Length > 2 || first < 0 || last < 0)
            {
                return null;
            }

            for (var day = first; days.Add((DayOfWeek)day) && day != last; day = (day + 1) % Names.Length)
            {
                // Of Fri-Mon, too, each day counts.
            }
        }

        return days;
    }
}
