namespace DockMon.Hub.Agents;

/// <summary>Counts what happens as often as somebody else likes, and has it told once a minute: the first time at once, then with how often it was.</summary>
internal sealed class LogLimit(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private int _count;
    private long? _told;

    /// <summary>It happened.</summary>
    /// <param name="count">How often since it was last told.</param>
    /// <returns>Whether to tell now.</returns>
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
