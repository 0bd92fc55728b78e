namespace DockMon.Agent.Health;

/// <summary>
/// The sign of life of one loop. A loop that works has to show itself within its limit, one that waits for its time within its limit after that;
/// one that rests waits for something outside, as long as that takes.
/// </summary>
/// <param name="name">What the loop does.</param>
/// <param name="limit">The longest that one turn of it may take.</param>
/// <param name="time">The clock.</param>
internal sealed class LoopHealth(string name, TimeSpan limit, TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _last = time.GetTimestamp();
    private TimeSpan? _allowed;

    public string Name => name;

    /// <summary>The loop begins a turn, or gets on with it.</summary>
    public void Running() => Set(limit);

    /// <summary>The loop has nothing to do for a while.</summary>
    public void Sleeping(TimeSpan duration) => Set(duration + limit);

    /// <summary>The loop has nothing to do until something comes.</summary>
    public void Idle() => Set(null);

    /// <summary>How long ago the last sign was, and whether that is too long.</summary>
    public (TimeSpan Silence, bool Turns) Read()
    {
        lock (_gate)
        {
            var silence = time.GetElapsedTime(_last);
            return (silence, _allowed is not { } allowed || silence <= allowed);
        }
    }

    private void Set(TimeSpan? allowed)
    {
        lock (_gate)
        {
            _last = time.GetTimestamp();
            _allowed = allowed;
        }
    }
}

/// <summary>
/// The loops whose standstill would leave an agent that only looks alive. The limits are far
/// above what a turn takes: they find what hangs, not what is slow.
/// </summary>
internal sealed class AgentLoops(TimeProvider time)
{
    /// <summary>Dials, registers, and waits for the next try. One turn asks the engine several things, each with a limit of a minute.</summary>
    public LoopHealth Link { get; } = new("connecting", TimeSpan.FromMinutes(10), time);

    /// <summary>Takes the server's frames.</summary>
    public LoopHealth Read { get; } = new("reading", TimeSpan.FromMinutes(1), time);

    /// <summary>Sends frames; a dead link breaks off within 40 s.</summary>
    public LoopHealth Write { get; } = new("writing", TimeSpan.FromMinutes(2), time);

    /// <summary>Finds the lanes of requests.</summary>
    public LoopHealth Commands { get; } = new("taking commands", TimeSpan.FromMinutes(5), time);

    /// <summary>Follows Docker's events.</summary>
    public LoopHealth Events { get; } = new("following events", TimeSpan.FromMinutes(5), time);

    /// <summary>Samples host and containers while the server is connected, mostly every two seconds or more often: shows that timers fire.</summary>
    public LoopHealth Timer { get; } = new("sampling", TimeSpan.FromMinutes(1), time);

    public IReadOnlyList<LoopHealth> All => [Link, Read, Write, Commands, Events, Timer];
}
