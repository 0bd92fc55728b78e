using System.Text.Json;

namespace DockMon.Hub.Api;

/// <summary>
/// What changes, to everybody who listens; a short history is replayed to whoever comes back. Ids go on across starts of the hub: each start begins
/// with the time, in units so small that no hub publishes as many events as have passed.
/// </summary>
internal sealed class EventFeed(TimeProvider time)
{
    /// <summary>Most events that are replayed.</summary>
    public const int MostItems = 200;

    /// <summary>Most bytes that are replayed.</summary>
    public const int MostBytes = 4 * 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly Queue<FeedItem> _history = new();
    private readonly List<FeedListener> _listeners = [];
    private long _bytes;
    private long _lastId = time.GetUtcNow().ToUnixTimeMilliseconds() * 1000;

    // The history has all that came after this one. What came before the start is not known: only its last event may have been heard.
    private long _completeAfter = time.GetUtcNow().ToUnixTimeMilliseconds() * 1000;

    public void Publish(string name, string hostId, JsonElement data)
    {
        lock (_gate)
        {
            var id = ++_lastId;
            var isSample = FeedNames.IsSample(name);
            if (isSample && _listeners.Count == 0)
            {
                return;
            }

            var item = FeedItem.Create(id, name, hostId, data);
            if (!isSample)
            {
                Remember(item);
            }

            foreach (var listener in _listeners)
            {
                listener.Add(item);
            }
        }
    }

    /// <summary>Listens; what is still known of what came after <paramref name="lastId"/> comes first, if that is given.</summary>
    public FeedListener Listen(long? lastId)
    {
        var listener = new FeedListener();
        lock (_gate)
        {
            if (lastId is { } heard)
            {
                // An id of the future was given by a hub whose clock was ahead: nothing that is known here was heard.
                var after = heard > _lastId ? 0 : heard;
                if (after < _completeAfter)
                {
                    listener.MarkGap();
                }

                foreach (var item in _history.Where(item => item.Id > after))
                {
                    listener.Add(item);
                }
            }

            _listeners.Add(listener);
        }

        return listener;
    }

    public void Leave(FeedListener listener)
    {
        lock (_gate)
        {
            _listeners.Remove(listener);
        }
    }

    private void Remember(FeedItem item)
    {
        _history.Enqueue(item);
        _bytes += item.Text.Length;
        while (_history.Count > MostItems || _bytes > MostBytes)
        {
            var oldest = _history.Dequeue();
            _bytes -= oldest.Text.Length;
            _completeAfter = oldest.Id;
        }
    }
}
