namespace DockMon.Agent.Commands;

/// <summary>Reads that are alike in what they hold up: each kind has places of its own.</summary>
internal enum ReadPool
{
    /// <summary>One question to the engine.</summary>
    Short,

    /// <summary>A list, which may have many megabytes.</summary>
    List,

    /// <summary>A container's log: megabytes, and as slow as its log driver.</summary>
    Log,

    /// <summary>Files of the host, of which a file system may hang.</summary>
    Files,

    /// <summary>Watches something for as long as it was told to.</summary>
    Watch,
}

/// <summary>
/// Runs work in lanes: what has one key runs in the order it came, what has different keys side by side, and reads beside
/// everything. Writes and each kind of read have places of their own, so that no number of slow stops or logs delays an inspect.
/// </summary>
internal sealed class Lanes : IDisposable
{
    /// <summary>Most writes that run at once.</summary>
    public const int WriteWidth = 64;

    /// <summary>Most short reads that run at once.</summary>
    public const int ReadWidth = 32;

    /// <summary>A place that is held for longer is not given back any more.</summary>
    public static readonly TimeSpan ReadPatience = TimeSpan.FromMinutes(10);

    /// <summary>The same of what a user may have last for an hour.</summary>
    public static readonly TimeSpan LongPatience = TimeSpan.FromMinutes(75);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Queue<LaneWork>> _lanes = new(StringComparer.Ordinal);
    private readonly WorkSlots _writes;
    private readonly Dictionary<ReadPool, WorkSlots> _reads;
    private TaskCompletionSource _idle = Completed();
    private int _running;

    /// <param name="clock">The clock; the system's when none is given.</param>
    public Lanes(TimeProvider? clock = null)
    {
        var time = clock ?? TimeProvider.System;
        _writes = new("operations", WriteWidth, LongPatience, time);
        _reads = new()
        {
            [ReadPool.Short] = new("questions", ReadWidth, ReadPatience, time),
            [ReadPool.List] = new("lists", 4, ReadPatience, time),
            [ReadPool.Log] = new("logs", 4, ReadPatience, time),
            [ReadPool.Files] = new("reading the host's files", 4, ReadPatience, time),
            [ReadPool.Watch] = new("watching containers", 64, LongPatience, time),
        };
    }

    /// <summary>Raised when nothing runs or waits any more. Handlers are quick: it is raised under the lock.</summary>
    public event Action? Idle;

    /// <summary>What stands still, in words; empty when all gets on.</summary>
    public IReadOnlyList<string> Stalls => [.. _reads.Values.Prepend(_writes).Select(places => places.Stall).OfType<string>()];

    /// <summary>Queues work that never throws.</summary>
    /// <param name="key">The lane.</param>
    /// <param name="work">What to do.</param>
    public void Post(string key, Func<Task> work) => Post(key, new LaneWork(work, NeedsPlace: true));

    /// <summary>Queues a read, which never throws.</summary>
    /// <param name="kind">Whose places it takes.</param>
    /// <param name="work">What to do.</param>
    /// <param name="leave">Ends the wait for a place; the work is then run without one, and has nothing to do but to tidy up.</param>
    public void Post(ReadPool kind, Func<Task> work, CancellationToken leave = default)
    {
        lock (_gate)
        {
            Begin();
        }

        _ = Task.Run(() => RunReadAsync(_reads[kind], work, leave), CancellationToken.None);
    }

    /// <summary>Does something in a lane and waits for it.</summary>
    /// <param name="key">The lane.</param>
    /// <param name="work">What to do; how it ends is how this ends.</param>
    public Task<T> RunAsync<T>(string key, Func<Task<T>> work) => RunAsync(key, work, needsPlace: true);

    /// <summary>
    /// Does something in several lanes at once and waits for it. Everybody takes them in one order, so that no two wait for one another, and takes one
    /// place for all of them.
    /// </summary>
    /// <param name="keys">The lanes.</param>
    /// <param name="work">What to do; how it ends is how this ends.</param>
    public Task<T> RunAsync<T>(IEnumerable<string> keys, Func<Task<T>> work)
    {
        var (inside, needsPlace) = (work, true);
        foreach (var key in keys.Distinct(StringComparer.Ordinal).OrderDescending(StringComparer.Ordinal))
        {
            var (next, isLast) = (inside, needsPlace);
            inside = () => RunAsync(key, next, isLast);
            needsPlace = false;
        }

        return inside();
    }

    /// <summary>Completes when nothing runs or waits.</summary>
    public Task WhenIdleAsync()
    {
        lock (_gate)
        {
            return _idle.Task;
        }
    }

    public void Dispose()
    {
        _writes.Dispose();
        foreach (var places in _reads.Values)
        {
            places.Dispose();
        }
    }

    private void Post(string key, LaneWork work)
    {
        lock (_gate)
        {
            if (_lanes.TryGetValue(key, out var queue))
            {
                queue.Enqueue(work);
                return;
            }

            _lanes.Add(key, new Queue<LaneWork>([work]));
            Begin();
        }

        // The runner reports its end through _running, which WhenIdleAsync awaits; it cannot fault, because work does not throw.
        _ = Task.Run(() => RunLaneAsync(key));
    }

    private Task<T> RunAsync<T>(string key, Func<Task<T>> work, bool needsPlace)
    {
        var done = new TaskCompletionSource<Task<T>>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(key, new LaneWork(
            async () =>
            {
                var result = work();
                await Task.WhenAny(result); // Never throws.
                done.SetResult(result);
            },
            needsPlace));
        return done.Task.Unwrap();
    }

    private async Task RunReadAsync(WorkSlots places, Func<Task> work, CancellationToken leave)
    {
        try
        {
            await places.RunAsync(work, leave);
        }
        finally
        {
            lock (_gate)
            {
                End();
            }
        }
    }

    private async Task RunLaneAsync(string key)
    {
        while (Next(key) is { } work)
        {
            await (work.NeedsPlace ? _writes.RunAsync(work.Run, CancellationToken.None) : work.Run());
        }
    }

    private LaneWork? Next(string key)
    {
        lock (_gate)
        {
            if (_lanes[key].TryDequeue(out var work))
            {
                return work;
            }

            _lanes.Remove(key);
            End();
            return null;
        }
    }

    private void Begin()
    {
        if (_running++ == 0)
        {
            _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private void End()
    {
        if (--_running == 0)
        {
            _idle.SetResult();
            Idle?.Invoke();
        }
    }

    private static TaskCompletionSource Completed()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }

    /// <summary>Work in a lane.</summary>
    /// <param name="Run">Never throws.</param>
    /// <param name="NeedsPlace">Not what only waits in this lane for work in another.</param>
    private sealed record LaneWork(Func<Task> Run, bool NeedsPlace);
}
