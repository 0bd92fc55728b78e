using DockMon.Agent.Policies;

namespace DockMon.Agent.Streams.HealthChecks;

/// <summary>
/// When each check is due, on a clock that nobody sets (time since the start of the agent). Knows no thread: whoever uses it does so one at a time.
/// </summary>
internal sealed class HealthSchedule
{
    /// <summary>The first checks come within this time, however long their interval is.</summary>
    public static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(30);

    // Fractions of multiples of the golden ratio lie evenly in an interval, however many there are.
    private const double GoldenRatio = 0.6180339887498949;

    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private int _added;

    public int Count => _entries.Count;

    public IEnumerable<HealthCheck> Checks => _entries.Values.Select(entry => entry.Check);

    /// <summary>These and no others. What stays keeps its place in time.</summary>
    public void Replace(IReadOnlyList<HealthCheck> checks, TimeSpan now)
    {
        var names = checks.Select(check => check.Config.ContainerId!).ToHashSet(StringComparer.Ordinal);
        foreach (var name in _entries.Keys.Where(name => !names.Contains(name)).ToList())
        {
            _entries.Remove(name);
        }

        foreach (var check in checks)
        {
            Put(check, now);
        }
    }

    /// <summary>Adds a check, or changes the one of its container.</summary>
    public void Put(HealthCheck check, TimeSpan now)
    {
        if (!_entries.TryGetValue(check.Config.ContainerId!, out var entry))
        {
            var spread = check.Interval < LongestStart ? check.Interval : LongestStart;
            var due = now + spread * (_added++ * GoldenRatio % 1);
            _entries.Add(check.Config.ContainerId!, new Entry(check) { Due = due });
        }
        else if (entry.Check.Config != check.Config || entry.Check.Error != check.Error)
        {
            var last = entry.Due - entry.Check.Interval;
            if (check.Interval != entry.Check.Interval && entry.Started)
            {
                entry.Due = last + check.Interval;
            }

            // It was off for a while, or its interval is shorter now: the next beat, not all the missed ones.
            entry.Due = entry.Due < now && !entry.Check.Enabled ? NextBeat(entry.Due, check.Interval, now) : entry.Due;
            entry.Check = check;
        }
    }

    public void Remove(string containerId) => _entries.Remove(containerId);

    /// <summary>Takes the checks that are due, the longest due first; none of them runs already.</summary>
    public IReadOnlyList<Entry> TakeDue(TimeSpan now, int maximum)
    {
        var due = Waiting().Where(entry => entry.Due <= now).OrderBy(entry => entry.Due).Take(maximum).ToList();
        foreach (var entry in due)
        {
            entry.Started = true;
            entry.Running = true;
            entry.Due = NextBeat(entry.Due, entry.Check.Interval, now);
        }

        return due;
    }

    /// <summary>When the next check is due; null when none is.</summary>
    public TimeSpan? NextDue() => Waiting().Select(entry => (TimeSpan?)entry.Due).Min();

    /// <summary>Whether the result of a run is still wanted: its check is there, and the same.</summary>
    public bool IsCurrent(Entry entry, HealthCheck check) =>
        _entries.TryGetValue(check.Config.ContainerId!, out var current) && current == entry && entry.Check == check && check.Enabled;

    private static TimeSpan NextBeat(TimeSpan due, TimeSpan interval, TimeSpan now) => due + interval * (Math.Floor((now - due) / interval) + 1);

    private IEnumerable<Entry> Waiting() => _entries.Values.Where(entry => !entry.Running && entry.Check.Enabled);

    /// <summary>A check and its place in time.</summary>
    internal sealed class Entry(HealthCheck check)
    {
        public HealthCheck Check { get; set; } = check;

        public TimeSpan Due { get; set; }

        public bool Started { get; set; }

        public bool Running { get; set; }

        /// <summary>What a policy said of it; null before it was asked.</summary>
        public (HostPolicy By, bool IsAllowed)? Judged { get; set; }

        /// <summary>What its last result was; null before the first.</summary>
        public bool? Healthy { get; set; }
    }
}
