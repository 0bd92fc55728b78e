using System.Threading.Channels;

namespace DockMon.Agent.Threading;

/// <summary>Wakes one waiter. Setting it before anybody waits, or several times, wakes the next waiter once.</summary>
internal sealed class AsyncSignal
{
    private readonly Channel<bool> _channel = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Set() => _channel.Writer.TryWrite(true);

    /// <summary>Forgets what was set before now.</summary>
    public void Clear() => _channel.Reader.TryRead(out _);

    public async ValueTask WaitAsync(CancellationToken ct) => await _channel.Reader.ReadAsync(ct);

    /// <summary>Waits, and no longer than <paramref name="limit"/>.</summary>
    public async ValueTask WaitAsync(TimeSpan limit, TimeProvider time, CancellationToken ct)
    {
        await using var timer = time.CreateTimer(_ => Set(), null, limit, Timeout.InfiniteTimeSpan);
        await WaitAsync(ct);
    }
}
