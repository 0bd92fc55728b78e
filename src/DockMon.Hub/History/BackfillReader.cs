using DockMon.Hub.History.Blocks;
using DockMon.Hub.History.Live;
using DockMon.Protocol;

namespace DockMon.Hub.History;

/// <summary>Reads the minutes that an agent brings later, of a time without a connection.</summary>
internal static class BackfillReader
{
    private const int LongestName = 256;

    /// <summary>Maximum number of samples of a minute: with more, a wrong one would stand above all others.</summary>
    private const int MostSamples = 60;

    /// <summary>The minutes by series. What is no minute of a container with a name, or of the host, is left out.</summary>
    public static IReadOnlyList<SeriesMinutes> Read(StatsBackfill backfill)
    {
        var series = new Dictionary<string, List<Rollup>>(StringComparer.Ordinal);
        foreach (var minute in backfill.Minutes ?? [])
        {
            Add(series, LiveSamples.HostSeries, minute?.Start ?? 0, minute?.Host);
            foreach (var (name, figures) in minute?.Containers ?? new Dictionary<string, MinuteFigures>())
            {
                if (name.TrimStart('/') is { Length: > 0 and <= LongestName } trimmed)
                {
                    Add(series, trimmed, minute!.Start, figures);
                }
            }
        }

        return [.. series.Select(one => new SeriesMinutes(one.Key, one.Value))];
    }

    private static void Add(Dictionary<string, List<Rollup>> series, string name, long start, MinuteFigures? figures)
    {
        if (figures is null)
        {
            return;
        }

        if (!series.TryGetValue(name, out var minutes))
        {
            series.Add(name, minutes = []);
        }

        var rollup = Rollup.Create(start, Math.Clamp(figures.Samples, 0, MostSamples));
        var shape = SampleShape.Of(name);
        for (var i = 0; i < shape.Metrics.Length; i++)
        {
            // Minimum, average, maximum.
            if (Values(figures, shape.Metrics[i].Name) is [var min, var avg, var max] && min >= 0 && min <= avg && avg <= max && max <= float.MaxValue)
            {
                rollup.Values[i] = new Spread((float)min, (float)avg, (float)max);
            }
        }

        minutes.Add(rollup);
    }

    private static IReadOnlyList<double>? Values(MinuteFigures figures, string metric) => metric switch
    {
        "cpu_percent" => figures.CpuPercent,
        "mem_percent" => figures.MemPercent,
        "net_bytes_per_sec" => figures.NetBytesPerSec,
        "memory_usage" => figures.MemoryUsage,
        "memory_limit" => figures.MemoryLimit,
        "network_rx_bytes_per_sec" => figures.NetworkRxBytesPerSec,
        "network_tx_bytes_per_sec" => figures.NetworkTxBytesPerSec,
        "disk_read_bytes_per_sec" => figures.DiskReadBytesPerSec,
        "disk_write_bytes_per_sec" => figures.DiskWriteBytesPerSec,
        _ => null,
    };
}
