namespace DockMon.Agent.Commands;

/// <summary>
/// Runs work in lanes: what has one key runs in the order it came, what has different keys side by side, and what has no key
/// (a read) beside everything. Writes and reads have places of their own, so that no number of slow stops delays an inspect.
/// </summary>
internal sealed class Lanes : IDisposable
{
    /// <summary>Most writes that run at once.</summary>
    public const int WriteWidth = 64;

    /// <summary>Most reads that run at once.</summary>
    public const int ReadWidth = 32;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Queue<Func<Task>>> _lanes = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _writes = new(WriteWidth);
    private readonly SemaphoreSlim _reads = new(ReadWidth);
    private TaskCompletionSource _idle = Completed();
    private int _running;

    /// <summary>Raised when nothing runs or waits any more. Handlers are quick: it is raised under the lock.</summary>
    public event Action? Idle;

    /// <summary>Queues work that never throws.</summary>
    /// <param name="key">The lane; null for a read.</param>
    /// <param name="work">What to do.</param>
    public void Post(string? key, Func<Task> work)
    {
        lock (_gate)
        {
            if (key is not null)
            {
                if (_lanes.TryGetValue(key, out var queue))
                {
                    queue.Enqueue(work);
                    return;
                }

                _lanes.Add(key, new Queue<Func<Task>>([work]));
            }

            if (_running++ == 0)
            {
                _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        // The runner reports its end through _running, which WhenIdleAsync awaits; it cannot fault, because work does not throw.
        _ = Task.Run(() => key is null ? RunReadAsync(work) : RunLaneAsync(key));
    }

    /// <summary>Does something in a lane and waits for it.</summary>
    /// <param name="key">The lane.</param>
    /// <param name="work">What to do; how it ends is how this ends.</param>
    public Task<T> RunAsync<T>(string key, Func<Task<T>> work)
    {
        var done = new TaskCompletionSource<Task<T>>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(key, async () =>
        {
            var result = work();
            await Task.WhenAny(result); // Never throws.
            done.SetResult(result);
        });
        return done.Task.Unwrap();
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
        _reads.Dispose();
    }

    private async Task RunReadAsync(Func<Task> work)
    {
        await _reads.WaitAsync();
        try
        {
            await work();
        }
        finally
        {
            _reads.Release();
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
            await _writes.WaitAsync();
            try
            {
                await work();
            }
            finally
            {
                _writes.Release();
            }
        }
    }

    private Func<Task>? Next(string key)
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
}
