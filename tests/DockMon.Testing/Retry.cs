using System.Diagnostics;

namespace DockMon.Testing;

/// <summary>Waits for conditions.</summary>
public static class Retry
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    /// <summary>Looks again and again until <paramref name="condition"/> holds.</summary>
    /// <exception cref="TimeoutException">It did not in time; the message says what was waited for.</exception>
    public static Task UntilAsync(string reason, Func<bool> condition, TimeSpan limit, CancellationToken ct) =>
        UntilAsync(reason, () => Task.FromResult(condition()), limit, ct);

    /// <inheritdoc cref="UntilAsync(string, Func{bool}, TimeSpan, CancellationToken)"/>
    public static async Task UntilAsync(string reason, Func<Task<bool>> condition, TimeSpan limit, CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > limit)
            {
                throw new TimeoutException($"Waited {limit.TotalSeconds:0} s in vain until {reason}.");
            }

            await Task.Delay(Interval, TimeProvider.System, ct);
        }
    }
}
