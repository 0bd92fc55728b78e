namespace DockMon.Hub.Agents.Limits;

/// <summary>Limits a log message that others can cause to one a minute, with a count: the first at once.</summary>
internal sealed class LogLimit(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private int _count;
    private long? _told;

    /// <summary>Counts one occurrence.</summary>
    /// <param name="count">Number of occurrences since the last message.</param>
    /// <returns>Whether to log now.</returns>
    public bool Happened(out int count)
    {
        lock (_gate)
        {
            count = ++_count;
            if (_told is { } last && time.GetElapsedTime(last) < Interval)
            {
                return false;
            }

            _told = time.GetTimestamp();
            _count = 0;
            return true;
        }
    }
}
