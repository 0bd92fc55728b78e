using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace DockMon.Hub.Api.Feeds;

/// <summary>The queue of one listener. A slow listener loses its oldest events and gets a gap event.</summary>
/// <param name="wants">Whether it wants an event, by its name and host; null for all.</param>
internal sealed class FeedListener(Func<string, string, bool>? wants = null)
{
    /// <summary>Maximum number of queued events.</summary>
    public const int MostItems = 1000;

    /// <summary>Maximum size of the queue in bytes.</summary>
    public const int MostBytes = 8 * 1024 * 1024;

    private readonly Channel<FeedItem> _waiting = Channel.CreateUnbounded<FeedItem>();
    private long _bytes;
    private int _gap;

    public bool Wants(string name, string hostId) => wants is null || wants(name, hostId);

    /// <summary>Queues an event. Not thread-safe: the feed calls it under its lock.</summary>
    public void Add(FeedItem item)
    {
        while ((_waiting.Reader.Count >= MostItems || Volatile.Read(ref _bytes) + item.Text.Length > MostBytes) && TryTake(out _))
        {
            MarkGap();
        }

        Interlocked.Add(ref _bytes, item.Text.Length);
        _waiting.Writer.TryWrite(item);
    }

    /// <summary>Marks that events are missing before the next one.</summary>
    public void MarkGap() => Volatile.Write(ref _gap, 1);

    /// <summary>Whether events are missing here; true once for each gap.</summary>
    public bool TakeGap() => Interlocked.Exchange(ref _gap, 0) == 1;

    /// <summary>
    /// The pending wait. It is used again after a timeout, because an abandoned one would stay in the channel until the next event.
    /// </summary>
    public Task<bool>? Pending { get; private set; }

    /// <summary>Waits for the next event.</summary>
    /// <returns>False on timeout.</returns>
    public async Task<bool> WaitAsync(TimeSpan limit, TimeProvider time, CancellationToken ct)
    {
        Pending ??= _waiting.Reader.WaitToReadAsync(ct).AsTask();
        try
        {
            await Pending.WaitAsync(limit, time, ct);
            Pending = null;
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    public bool TryTake([MaybeNullWhen(false)] out FeedItem item)
    {
        if (!_waiting.Reader.TryRead(out item))
        {
            return false;
        }

        Interlocked.Add(ref _bytes, -item.Text.Length);
        return true;
    }
}
