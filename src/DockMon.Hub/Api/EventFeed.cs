using System.Text.Json;
using System.Threading.Channels;

namespace DockMon.Hub.Api;

/// <summary>Something that changed.</summary>
/// <param name="Id">Counts up.</param>
/// <param name="Name">What kind of thing.</param>
/// <param name="HostId">Where.</param>
/// <param name="Data">What.</param>
internal sealed record FeedItem(long Id, string Name, string HostId, JsonElement Data);

/// <summary>What changes, to everybody who listens; a short history is replayed to whoever comes back. A listener that does not keep up loses the oldest.</summary>
internal sealed class EventFeed
{
    private const int HistoryLength = 200;
    private const int ListenerLength = 1000;

    private readonly Lock _gate = new();
    private readonly Queue<FeedItem> _history = new();
    private readonly List<Channel<FeedItem>> _listeners = [];
    private long _lastId;

    public void Publish(string name, string hostId, JsonElement data)
    {
        lock (_gate)
        {
            var item = new FeedItem(++_lastId, name, hostId, data);
            if (name is not ("container_stats" or "host_stats"))
            {
                _history.Enqueue(item);
                if (_history.Count > HistoryLength)
                {
                    _history.Dequeue();
                }
            }

            foreach (var listener in _listeners)
            {
                listener.Writer.TryWrite(item);
            }
        }
    }

    /// <summary>Listens; what is still known of what came after <paramref name="lastId"/> comes first, if that is given.</summary>
    public Channel<FeedItem> Listen(long? lastId)
    {
        var listener = Channel.CreateBounded<FeedItem>(new BoundedChannelOptions(ListenerLength) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_gate)
        {
            foreach (var item in _history.Where(item => item.Id > (lastId ?? long.MaxValue)))
            {
                listener.Writer.TryWrite(item);
            }

            _listeners.Add(listener);
        }

        return listener;
    }

    public void Leave(Channel<FeedItem> listener)
    {
        lock (_gate)
        {
            _listeners.Remove(listener);
        }
    }
}
