namespace DockMon.Protocol;

/// <summary>Figures of a time without a connection (<see cref="ExtensionNames.StatsBackfill"/>).</summary>
public sealed record StatsBackfill
{
    /// <summary>Minutes in which something was measured, the oldest first.</summary>
    public required IReadOnlyList<StatsMinute> Minutes { get; init; }
}

/// <summary>What the samples of one minute come to.</summary>
public sealed record StatsMinute
{
    /// <summary>When it started, by the agent's clock: Unix seconds.</summary>
    public long Start { get; init; }

    /// <summary>The host itself.</summary>
    public MinuteFigures? Host { get; init; }

    /// <summary>Containers by name, without a slash.</summary>
    public IReadOnlyDictionary<string, MinuteFigures>? Containers { get; init; }
}

/// <summary>The figures of a minute: each the minimum, the average and the maximum; absent when there was no value.</summary>
public sealed record MinuteFigures
{
    /// <summary>Number of samples.</summary>
    public int Samples { get; init; }

    /// <summary>As in a sample of the host, or of a container.</summary>
    public IReadOnlyList<double>? CpuPercent { get; init; }

    /// <summary>Used memory of the host, percent.</summary>
    public IReadOnlyList<double>? MemPercent { get; init; }

    /// <summary>Received and sent by the host.</summary>
    public IReadOnlyList<double>? NetBytesPerSec { get; init; }

    /// <summary>The working set of a container, bytes.</summary>
    public IReadOnlyList<double>? MemoryUsage { get; init; }

    /// <summary>Its limit, bytes.</summary>
    public IReadOnlyList<double>? MemoryLimit { get; init; }

    /// <summary>Received by a container.</summary>
    public IReadOnlyList<double>? NetworkRxBytesPerSec { get; init; }

    /// <summary>Sent by it.</summary>
    public IReadOnlyList<double>? NetworkTxBytesPerSec { get; init; }

    /// <summary>Read by it from block devices.</summary>
    public IReadOnlyList<double>? DiskReadBytesPerSec { get; init; }

    /// <summary>Written by it to block devices.</summary>
    public IReadOnlyList<double>? DiskWriteBytesPerSec { get; init; }
}
