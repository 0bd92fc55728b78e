using System.Collections.Concurrent;
using System.Text.Json;
using DockMon.Hub.Agents.Limits;
using DockMon.Hub.History.Blocks;

namespace DockMon.Hub.History.Live;

/// <summary>A sample as the agent sent it, and the time it was received.</summary>
internal sealed record StatsSample(DateTimeOffset ReceivedAt, JsonElement Stats);

/// <summary>The minutes of one series.</summary>
internal sealed record SeriesMinutes(string Series, IReadOnlyList<Rollup> Minutes);

/// <summary>Samples of the last five minutes of all hosts, in memory. A sample may arrive on both sockets, and is kept once.</summary>
internal sealed partial class LiveSamples(TimeProvider time, ILogger<LiveSamples> logger)
{
    /// <summary>Series, and id, of the host itself.</summary>
    public const string HostSeries = "";

    /// <summary>Maximum number of containers of a host. Samples of more are dropped.</summary>
    public const int MostContainers = 1000;

    /// <summary>Maximum number of names of a host whose minutes are kept: containers may be renamed again and again.</summary>
    public const int MostNames = 2 * MostContainers;

    /// <summary>Number of characters of the shortest ids that Docker shows, and of whole ones.</summary>
    public const int ShortId = 12;

    public const int WholeId = 64;

    public static readonly TimeSpan Kept = TimeSpan.FromMinutes(5);

    public static readonly long KeptMilliseconds = (long)Kept.TotalMilliseconds;

    private readonly ConcurrentDictionary<string, HostSamples> _hosts = new(StringComparer.Ordinal);
    private readonly LogLimit _refusals = new(time);

    /// <summary>The hosts with samples.</summary>
    public IEnumerable<KeyValuePair<string, HostSamples>> Hosts => _hosts;

    private long Since => time.GetUtcNow().ToUnixTimeMilliseconds() - KeptMilliseconds;

    /// <summary>Adds a sample of a container or, with <paramref name="isHost"/>, of the host itself. What is no sample is ignored.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    /// <exception cref="InvalidOperationException">A text is half a surrogate pair.</exception>
    public void Add(string hostId, ReadOnlySpan<byte> utf8, bool isHost)
    {
        Span<char> text = stackalloc char[SampleReader.TextRoom];
        if (!SampleReader.TryRead(utf8, isHost ? SampleShape.Host : SampleShape.Container, text, out var read) || (read.ContainerId.IsEmpty && !isHost))
        {
            return;
        }

        read.Sample.At = time.GetUtcNow().ToUnixTimeMilliseconds();
        var host = _hosts.GetOrAdd(hostId, _ => new HostSamples());
        if (isHost)
        {
            host.AddOwn(read);
        }
        else if (!host.TryAdd(read) && _refusals.Happened(out var count))
        {
            Log.SamplesRefused(logger, hostId, count, MostContainers);
        }
    }

    /// <summary>The newest samples of a host: its own, and those of its containers by id.</summary>
    public (JsonElement? Own, IReadOnlyDictionary<string, JsonElement> Containers) Latest(string hostId) =>
        Find(hostId)?.Latest(Since) ?? (null, new Dictionary<string, JsonElement>());

    /// <summary>The newest sample of a container; null when there is none of the last five minutes.</summary>
    public JsonElement? Newest(string hostId, string containerId) => Find(hostId)?.Newest(containerId, Since);

    /// <summary>Samples of the last five minutes, oldest first.</summary>
    /// <param name="hostId">The host.</param>
    /// <param name="containerId">The container; <see cref="HostSeries"/> for the host itself.</param>
    public IReadOnlyList<StatsSample> Recent(string hostId, string containerId) =>
        [.. (Find(hostId)?.Samples(containerId, Since) ?? []).Select(one => new StatsSample(DateTimeOffset.FromUnixTimeMilliseconds(one.At), one.Sample))];

    public HostSamples? Find(string hostId) => _hosts.GetValueOrDefault(hostId);

    /// <summary>Drops everything of a host that was removed.</summary>
    public void Forget(string hostId) => _hosts.TryRemove(hostId, out _);

    /// <summary>Removes series without recent samples.</summary>
    public void Sweep()
    {
        foreach (var (hostId, host) in _hosts)
        {
            if (host.Sweep(Since))
            {
                // A sample that comes at this very moment is lost: the host had none for five minutes.
                _hosts.TryRemove(hostId, out _);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(40, LogLevel.Warning,
            "Dropped {Count} samples since the last such message, the newest of host {HostId}: the limit is {Most} containers of a host")]
        public static partial void SamplesRefused(ILogger logger, string hostId, int count, int most);
    }
}
