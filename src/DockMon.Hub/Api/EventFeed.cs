using System.Runtime.InteropServices;
using System.Text.Json;

namespace DockMon.Hub.Api;

/// <summary>
/// Distributes events to all listeners and replays a short history to a listener that reconnects. Ids keep ascending across restarts of the hub:
/// each start begins with the current time in microseconds, which grow faster than any hub publishes events.
/// </summary>
internal sealed class EventFeed(TimeProvider time)
{
    /// <summary>Maximum number of events in the history.</summary>
    public const int MostItems = 200;

    /// <summary>Maximum size of the history in bytes.</summary>
    public const int MostBytes = 4 * 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly Queue<FeedItem> _history = new();
    private readonly List<FeedListener> _listeners = [];
    private long _bytes;
    private long _lastId = time.GetUtcNow().ToUnixTimeMilliseconds() * 1000;

    // The history is complete after this id. Events before the start are unknown.
    private long _completeAfter = time.GetUtcNow().ToUnixTimeMilliseconds() * 1000;

    /// <summary>Id of the newest event.</summary>
    public long LastId
    {
        get
        {
            lock (_gate)
            {
                return _lastId;
            }
        }
    }

    public void Publish(string name, string hostId, JsonElement data) => Publish(name, hostId, JsonMarshal.GetRawUtf8Value(data));

    /// <param name="name">One of <see cref="FeedNames"/>.</param>
    /// <param name="hostId">The host.</param>
    /// <param name="data">One JSON value.</param>
    public void Publish(string name, string hostId, ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            var id = ++_lastId;
            var isSample = FeedNames.IsSample(name);
            if (isSample && !_listeners.Exists(listener => listener.Wants(name, hostId)))
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
                if (listener.Wants(name, hostId))
                {
                    listener.Add(item);
                }
            }
        }
    }

    /// <summary>Adds a listener. With <paramref name="lastId"/>, it first gets the events after that id that the history still has.</summary>
    /// <param name="lastId">The last event that the listener got.</param>
    /// <param name="wants">Which events the listener wants, by name and host; null for all.</param>
    public FeedListener Listen(long? lastId, Func<string, string, bool>? wants = null)
    {
        var listener = new FeedListener(wants);
        lock (_gate)
        {
            if (lastId is { } heard)
            {
                // An id of the future comes from a hub whose clock was ahead: the listener has seen nothing of this history.
                var after = heard > _lastId ? 0 : heard;
                if (after < _completeAfter)
                {
                    listener.MarkGap();
                }

                foreach (var item in _history.Where(item => item.Id > after && listener.Wants(item.Name, item.HostId)))
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
