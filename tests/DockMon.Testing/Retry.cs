namespace DockMon.Testing;

/// <summary>
/// Waits for what happens in another process or on another thread. A test never sleeps for luck: it names a condition, and
/// fails with that name when the time is over.
/// </summary>
public static class Retry
{
    /// <summary>How long a wait lasts when the caller does not say. Long, because only a failing test ever waits for all of it.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until <paramref name="condition"/> is true. One that throws counts as "not yet".</summary>
    /// <exception cref="TimeoutException">It did not become true; the message says what was waited for.</exception>
    public static Task UntilAsync(string reason, Func<bool> condition, TimeSpan? timeout = null, CancellationToken ct = default) =>
        UntilAsync(reason, () => Task.FromResult(condition()), timeout, ct);

    /// <inheritdoc cref="UntilAsync(string, Func{bool}, TimeSpan?, CancellationToken)"/>
    public static Task UntilAsync(string reason, Func<Task<bool>> condition, TimeSpan? timeout = null, CancellationToken ct = default) =>
        FindAsync(reason, async () => await condition() ? reason : null, timeout, ct);

    /// <summary>Waits until <paramref name="look"/> finds something, and returns it.</summary>
    /// <exception cref="TimeoutException">It found nothing in time; the message says what was waited for.</exception>
    public static async Task<T> FindAsync<T>(string reason, Func<Task<T?>> look, TimeSpan? timeout = null, CancellationToken ct = default)
        where T : class
    {
        var limit = timeout ?? DefaultTimeout;
        var started = TimeProvider.System.GetTimestamp();
        Exception? last = null;
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            try
            {
                if (await look() is { } found)
                {
                    return found;
                }

                last = null;
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                last = e;
            }

            if (TimeProvider.System.GetElapsedTime(started) >= limit)
            {
                throw new TimeoutException(
                    $"Waited {limit.TotalSeconds:0.#} s in vain until {reason}.{(last is null ? "" : " The last look failed: " + last.Message)}",
                    last);
            }

            await Task.Delay(Interval, TimeProvider.System, ct);
        }
    }
}
