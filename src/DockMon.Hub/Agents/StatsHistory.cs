using System.Collections.Concurrent;
using System.Text.Json;

namespace DockMon.Hub.Agents;

/// <summary>A sample and when it came.</summary>
internal sealed record StatsSample(DateTimeOffset ReceivedAt, JsonElement Stats);

/// <summary>The samples of the last five minutes, by host and container, in memory. The same sample may come over both sockets: one a second is kept.</summary>
internal sealed class StatsHistory(TimeProvider time)
{
    /// <summary>Key of the host's own samples.</summary>
    public const string Host = "";

    public static readonly TimeSpan Kept = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<(string Host, string Container), Queue<StatsSample>> _series = new();

    public void Add(string hostId, string containerId, JsonElement sample)
    {
        var now = time.GetUtcNow();
        var series = _series.GetOrAdd((hostId, containerId), _ => new Queue<StatsSample>());
        lock (series)
        {
            if (series.Count > 0 && now - series.Last().ReceivedAt < Spacing)
            {
                return;
            }

            while (series.TryPeek(out var oldest) && now - oldest.ReceivedAt > Kept)
            {
                series.Dequeue();
            }

            series.Enqueue(new StatsSample(now, sample));
        }
    }

    /// <summary>The newest sample of each of a host's containers, and of the host itself under <see cref="Host"/>.</summary>
    public IReadOnlyDictionary<string, StatsSample> Latest(string hostId)
    {
        var latest = new Dictionary<string, StatsSample>(StringComparer.Ordinal);
        foreach (var ((host, container), _) in _series)
        {
            if (host == hostId && History(hostId, container) is [.., var newest])
            {
                latest[container] = newest;
            }
        }

        return latest;
    }

    /// <summary>The samples of the last five minutes, the oldest first.</summary>
    public IReadOnlyList<StatsSample> History(string hostId, string containerId)
    {
        if (!_series.TryGetValue((hostId, containerId), out var series))
        {
            return [];
        }

        lock (series)
        {
            while (series.TryPeek(out var oldest) && time.GetUtcNow() - oldest.ReceivedAt > Kept)
            {
                series.Dequeue();
            }

            if (series.Count == 0)
            {
                _series.TryRemove(new((hostId, containerId), series));
            }

            return [.. series];
        }
    }
}
