using System.Collections.Concurrent;
using System.Text.Json;

namespace DockMon.Hub.Agents;

/// <summary>A sample and the time it was received.</summary>
internal sealed record StatsSample(DateTimeOffset ReceivedAt, JsonElement Stats);

/// <summary>Samples of the last five minutes by host and container, in memory. A sample may arrive on both sockets, and is kept once.</summary>
internal sealed class StatsHistory(TimeProvider time)
{
    /// <summary>Key of the host's own samples.</summary>
    public const string Host = "";

    public static readonly TimeSpan Kept = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(string Host, string Container), Queue<StatsSample>> _series = new();
    private long _swept = time.GetTimestamp();

    /// <summary>Number of containers and hosts with samples.</summary>
    public int Count => _series.Count;

    public void Add(string hostId, string containerId, JsonElement sample)
    {
        Sweep();
        var now = time.GetUtcNow();
        var series = _series.GetOrAdd((hostId, containerId), _ => new Queue<StatsSample>());
        lock (series)
        {
            if (series.Count > 0 && now - series.Last().ReceivedAt < Spacing)
            {
                return;
            }

            DropOld(series, now);
            series.Enqueue(new StatsSample(now, sample));
        }
    }

    /// <summary>The latest sample of each container of a host, and of the host itself under <see cref="Host"/>.</summary>
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

    /// <summary>Samples of the last five minutes, oldest first.</summary>
    public IReadOnlyList<StatsSample> History(string hostId, string containerId)
    {
        if (!_series.TryGetValue((hostId, containerId), out var series))
        {
            return [];
        }

        lock (series)
        {
            DropOld(series, time.GetUtcNow());
            return [.. series];
        }
    }

    private static void DropOld(Queue<StatsSample> series, DateTimeOffset now)
    {
        while (series.TryPeek(out var oldest) && now - oldest.ReceivedAt > Kept)
        {
            series.Dequeue();
        }
    }

    /// <summary>Removes series without recent samples.</summary>
    private void Sweep()
    {
        var last = Volatile.Read(ref _swept);
        if (time.GetElapsedTime(last) < SweepInterval || Interlocked.CompareExchange(ref _swept, time.GetTimestamp(), last) != last)
        {
            return;
        }

        var now = time.GetUtcNow();
        foreach (var entry in _series)
        {
            lock (entry.Value)
            {
                DropOld(entry.Value, now);
                if (entry.Value.Count == 0)
                {
                    _series.TryRemove(entry);
                }
            }
        }
    }
}
