namespace DockMon.Agent.Connection;

/// <summary>
/// Delays between attempts: exponential from <paramref name="initial"/> to <paramref name="most"/>, with full jitter, so that
/// five hundred agents of a restarted server do not come back in one second.
/// </summary>
internal sealed class Backoff(TimeSpan initial, TimeSpan most, Random random)
{
    private int _attempts;

    /// <summary>The delay before the next attempt: anything from nothing to the current ceiling.</summary>
    public TimeSpan Next()
    {
        // 2^30 times a millisecond is past any sensible maximum; capping the exponent keeps the product finite.
        var ceiling = Math.Min(initial.Ticks * Math.Pow(2, Math.Min(_attempts++, 30)), most.Ticks);
        return TimeSpan.FromTicks((long)(ceiling * random.NextDouble()));
    }

    /// <summary>Starts over. To be called only after a connection that lasted: a server that accepts and drops earns no fresh start.</summary>
    public void Reset() => _attempts = 0;
}
