namespace DockMon.Hub.Agents;

/// <summary>
/// Gives memory back when many agents have connected: each needs more for its registration than afterwards, and left alone, the collector keeps the
/// heap as large as it once was. Most of ten thousand agents come back at the same moment, after a restart of the hub or of a proxy.
/// </summary>
internal sealed class MemoryTrimmer(TimeProvider time) : PeriodicService(Quiet, time)
{
    /// <summary>Number of arrivals that are worth the pause.</summary>
    public const int Least = 100;

    /// <summary>How long no agent has to arrive before the others count as settled.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);

    private long _arrivals;
    private long _seen;
    private long _trimmed;

    /// <summary>Number of collections.</summary>
    public int Trims { get; private set; }

    /// <summary>Counts an agent that has connected.</summary>
    public void Arrived() => Interlocked.Increment(ref _arrivals);

    protected override Task TakeTurnAsync(CancellationToken ct)
    {
        var arrivals = Interlocked.Read(ref _arrivals);
        if (arrivals == _seen && arrivals - _trimmed >= Least)
        {
            _trimmed = arrivals;
            Trims++;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }

        _seen = arrivals;
        return Task.CompletedTask;
    }
}
