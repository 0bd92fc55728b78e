using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace DockMon.Hub.Api;

/// <summary>One who listens to the feed, and what waits for him. Whoever does not keep up loses the oldest, and is told so.</summary>
internal sealed class FeedListener
{
    /// <summary>Most events that wait.</summary>
    public const int MostItems = 1000;

    /// <summary>Most bytes that wait.</summary>
    public const int MostBytes = 8 * 1024 * 1024;

    private readonly Channel<FeedItem> _waiting = Channel.CreateUnbounded<FeedItem>();
    private long _bytes;
    private int _gap;

    /// <summary>Adds an event. One caller at a time, which the feed sees to.</summary>
    public void Add(FeedItem item)
    {
        while ((_waiting.Reader.Count >= MostItems || Volatile.Read(ref _bytes) + item.Text.Length > MostBytes) && TryTake(out _))
        {
            MarkGap();
        }

        Interlocked.Add(ref _bytes, item.Text.Length);
        _waiting.Writer.TryWrite(item);
    }

    /// <summary>Something is missing before what is taken next.</summary>
    public void MarkGap() => Volatile.Write(ref _gap, 1);

    /// <summary>Whether something is missing here; true once for each gap.</summary>
    public bool TakeGap() => Interlocked.Exchange(ref _gap, 0) == 1;

    /// <summary>
    /// The wait that goes on. There is one, however often it takes longer than its limit: one that was left would be held until something comes.
    /// </summary>
    public Task<bool>? Pending { get; private set; }

    /// <summary>Waits until there is something to take.</summary>
    /// <returns>False when the limit came first.</returns>
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
