using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using DockMon.Hub.Bus;

namespace DockMon.Hub.Api.Feeds;

/// <summary>
/// Distributes events to all listeners and replays a short history to a listener that reconnects. Ids keep ascending across restarts of the hub:
/// each start begins with the current time in microseconds, which grow faster than any hub publishes events. In a fleet the last bits of an id tell
/// the hub: a listener that comes to another hub gets a gap.
/// </summary>
internal sealed class EventFeed(TimeProvider time, HubIdentity? self = null)
{
    /// <summary>Maximum number of events in the history.</summary>
    public const int MostItems = 200;

    /// <summary>Maximum size of the history in bytes.</summary>
    public const int MostBytes = 4 * 1024 * 1024;

    /// <summary>Number of hubs that ids can tell apart.</summary>
    private const long Hubs = 1024;

    private readonly Lock _gate = new();
    private readonly Queue<FeedItem> _history = new();
    private readonly List<FeedListener> _listeners = [];
    private long _bytes;
    private long _lastId = Start(time, self);

    // The history is complete after this id. Events before the start are unknown.
    private long _completeAfter = Start(time, self);

    /// <summary>Called when a listener came or left.</summary>
    public event Action? WatchersChanged;

    /// <summary>Passes an event of this hub's agents on to other hubs.</summary>
    public delegate void Forwarding(string name, string hostId, ReadOnlySpan<byte> data);

    /// <summary>Passes events of this hub's agents on to other hubs; null for none.</summary>
    public Forwarding? Forward { get; set; }

    /// <summary>Whether anybody listens.</summary>
    public bool HasListeners
    {
        get
        {
            lock (_gate)
            {
                return _listeners.Count > 0;
            }
        }
    }

    private long Step => self is { IsAlone: false } ? Hubs : 1;

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
        Forward?.Invoke(name, hostId, data);
        PublishOfOtherHub(name, hostId, data);
    }

    /// <summary>Marks for all listeners, and for those who come back, that events of other hubs are missing here.</summary>
    public void MarkGap()
    {
        lock (_gate)
        {
            _completeAfter = _lastId += Step;
            _listeners.ForEach(listener => listener.MarkGap());
        }
    }

    /// <summary>Publishes an event that another hub passed on, or that is about one of its agents.</summary>
    public void PublishOfOtherHub(string name, string hostId, ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            var id = _lastId += Step;
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
                // An id of another hub, or of the future, from a hub whose clock was ahead: the listener has seen nothing of this history.
                var after = heard > _lastId || heard % Step != _lastId % Step ? 0 : heard;
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

        WatchersChanged?.Invoke();
        return listener;
    }

    public void Leave(FeedListener listener)
    {
        lock (_gate)
        {
            _listeners.Remove(listener);
        }

        WatchersChanged?.Invoke();
    }

    private static long Start(TimeProvider time, HubIdentity? self)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds() * 1000;
        return self is { IsAlone: false } ? (now * Hubs) + (long.Parse(self.Id[..4], NumberStyles.HexNumber, CultureInfo.InvariantCulture) % Hubs) : now;
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
