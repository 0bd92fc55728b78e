using DockMon.Agent.Health;
using DockMon.Agent.Streams.HostMetrics;
using DockMon.Agent.Streams.Stats;
using DockMon.Agent.Threading;

namespace DockMon.Agent.Streams;

/// <summary>
/// The one loop behind all figures, with one timer: what is due at about the same moment is done in one go, and the link is written to once.
/// While nobody listens the loop waits for a signal, no timer runs and nothing wakes the processor.
/// </summary>
/// <param name="containers">The containers' figures; null when they are turned off.</param>
/// <param name="host">The host's figures.</param>
/// <param name="heartbeat">The loop's sign of life.</param>
/// <param name="time">The clock.</param>
internal sealed class SamplingLoop(StatsSampler? containers, HostSampler host, LoopHealth heartbeat, TimeProvider time)
{
    private readonly AsyncSignal _pulse = new();

    /// <summary>Has the loop look again whether there is something to do.</summary>
    public void Wake() => _pulse.Set();

    /// <summary>Samples until <paramref name="ct"/> fires.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        containers?.Open(Wake);
        try
        {
            await BackgroundLoop.RunAsync(SampleAsync, ct);
        }
        finally
        {
            await (containers?.CloseAsync(ct) ?? Task.CompletedTask);
        }
    }

    private async Task SampleAsync(CancellationToken ct)
    {
        ITimer? timer = null;
        try
        {
            while (true)
            {
                heartbeat.Running();
                var ofHost = host.Advance();
                var ofContainers = containers is null ? null : await containers.AdvanceAsync(ct);
                if (Earlier(ofHost, ofContainers) is { } wait)
                {
                    timer ??= time.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                    timer.Change(wait, Timeout.InfiniteTimeSpan);
                    heartbeat.Sleeping(wait);
                }
                else
                {
                    timer?.Dispose();
                    timer = null;
                    heartbeat.Idle();
                }

                await _pulse.WaitAsync(ct);
            }
        }
        finally
        {
            timer?.Dispose();
        }
    }

    private static TimeSpan? Earlier(TimeSpan? one, TimeSpan? other) => one is null || other < one ? other : one;
}

/// <summary>When something that happens every so often is due.</summary>
internal sealed class Schedule(TimeSpan period, TimeProvider time)
{
    // Due a moment early is due, or things of several periods would wake the processor one after the other. The next time is counted from when
    // it should have been, so that none of them comes more often than its period says.
    private const double Nearly = 0.05;

    private readonly long _origin = time.GetTimestamp();
    private TimeSpan? _due;

    /// <summary>How long until it is due again.</summary>
    public TimeSpan Wait => _due is { } due && due - Now is var wait && wait > TimeSpan.Zero ? wait : TimeSpan.Zero;

    private TimeSpan Now => time.GetElapsedTime(_origin);

    /// <summary>Whether it is due; it counts as done then. The first time it is.</summary>
    public bool TryRun()
    {
        var now = Now;
        var due = _due ?? now;
        if (now < due - period * Nearly)
        {
            return false;
        }

        // What was missed is not made up for.
        _due = due + period > now ? due + period : now + period;
        return true;
    }

    /// <summary>It is not needed for now.</summary>
    /// <returns>Whether it was until now.</returns>
    public bool Stop()
    {
        var was = _due is not null;
        _due = null;
        return was;
    }
}
