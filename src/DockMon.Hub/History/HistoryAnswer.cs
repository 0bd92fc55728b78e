using DockMon.Hub.History.Blocks;
using DockMon.Hub.History.Live;

namespace DockMon.Hub.History;

/// <summary>The history of a container or host.</summary>
/// <param name="Series">Name of the container; empty for the host itself.</param>
/// <param name="Tier">The resolution it was read from: <c>1s</c>, <c>1m</c>, <c>10m</c> or <c>1h</c>.</param>
/// <param name="StepSeconds">Seconds of a point: one of that tier, or several.</param>
/// <param name="From">Start of the time that was asked for.</param>
/// <param name="To">Its end.</param>
/// <param name="Points">Points with samples, oldest first.</param>
internal sealed record HistoryAnswer(string Series, string Tier, long StepSeconds, DateTimeOffset From, DateTimeOffset To, IReadOnlyList<HistoryPoint> Points);

/// <summary>Minimum, average and maximum.</summary>
internal sealed record HistorySpread(double Min, double Avg, double Max);

/// <summary>What the samples of a time come to. A metric without a value is left out.</summary>
internal sealed record HistoryPoint
{
    /// <summary>When it starts.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Number of samples.</summary>
    public required int Samples { get; init; }

    /// <summary>Of a container, where 100 is one core; of a host, where 100 is all of them.</summary>
    public HistorySpread? CpuPercent { get; init; }

    /// <summary>Working set of a container, bytes.</summary>
    public HistorySpread? MemoryUsage { get; init; }

    /// <summary>Its limit, bytes.</summary>
    public HistorySpread? MemoryLimit { get; init; }

    /// <summary>Used memory of a host, percent.</summary>
    public HistorySpread? MemPercent { get; init; }

    /// <summary>Received and sent by the physical interfaces of a host.</summary>
    public HistorySpread? NetBytesPerSec { get; init; }

    /// <summary>Received by a container.</summary>
    public HistorySpread? NetworkRxBytesPerSec { get; init; }

    /// <summary>Sent by a container.</summary>
    public HistorySpread? NetworkTxBytesPerSec { get; init; }

    /// <summary>Read from block devices by a container.</summary>
    public HistorySpread? DiskReadBytesPerSec { get; init; }

    /// <summary>Written to block devices by a container.</summary>
    public HistorySpread? DiskWriteBytesPerSec { get; init; }

    public static HistoryPoint From(SampleShape shape, in Rollup rollup)
    {
        var time = DateTimeOffset.FromUnixTimeSeconds(rollup.Start);
        return shape == SampleShape.Host
            ? new HistoryPoint
            {
                Time = time,
                Samples = rollup.Count,
                CpuPercent = Spread(rollup.Values[0]),
                MemPercent = Spread(rollup.Values[1]),
                NetBytesPerSec = Spread(rollup.Values[2]),
            }
            : new HistoryPoint
            {
                Time = time,
                Samples = rollup.Count,
                CpuPercent = Spread(rollup.Values[0]),
                MemoryUsage = Spread(rollup.Values[1]),
                MemoryLimit = Spread(rollup.Values[2]),
                NetworkRxBytesPerSec = Spread(rollup.Values[3]),
                NetworkTxBytesPerSec = Spread(rollup.Values[4]),
                DiskReadBytesPerSec = Spread(rollup.Values[5]),
                DiskWriteBytesPerSec = Spread(rollup.Values[6]),
            };
    }

    // Two decimals say all that is known.
    private static HistorySpread? Spread(Spread spread) =>
        spread.HasValue ? new HistorySpread(Math.Round(spread.Min, 2), Math.Round(spread.Avg, 2), Math.Round(spread.Max, 2)) : null;
}
