using System.Threading.Channels;

namespace DockMon.Agent.Threading;

/// <summary>Wakes one waiter. Setting it before anybody waits, or several times, wakes the next waiter once.</summary>
internal sealed class AsyncSignal
{
    private readonly Channel<bool> _channel = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Wakes the waiter, now or when it comes.</summary>
    public void Set() => _channel.Writer.TryWrite(true);

    /// <summary>Takes back a signal that nobody has waited for yet.</summary>
    /// <returns>Whether there was one.</returns>
    public bool TryReset() => _channel.Reader.TryRead(out _);

    /// <summary>Waits for a signal.</summary>
    public async ValueTask WaitAsync(CancellationToken ct) => await _channel.Reader.ReadAsync(ct);

    /// <summary>Waits for a signal, and no longer than <paramref name="limit"/>.</summary>
    public async ValueTask WaitAsync(TimeSpan limit, TimeProvider time, CancellationToken ct)
    {
        await using var timer = time.CreateTimer(_ => Set(), null, limit, Timeout.InfiniteTimeSpan);
        await WaitAsync(ct);
    }
}
