using System.Text.Json.Serialization;

namespace DockMon.Engine;

/// <summary>One sample of what a container uses. What an engine or a container does not have is null or empty.</summary>
public sealed class EngineStats
{
    /// <summary>When the sample was taken.</summary>
    [JsonPropertyName("read")]
    public DateTimeOffset? Read { get; set; }

    /// <summary>Processor time so far.</summary>
    [JsonPropertyName("cpu_stats")]
    public CpuStats CpuStats { get; set => field = value ?? new(); } = new();

    /// <summary>Memory.</summary>
    [JsonPropertyName("memory_stats")]
    public MemoryStats MemoryStats { get; set => field = value ?? new(); } = new();

    /// <summary>Network interfaces by name; empty for one that shares the host's.</summary>
    [JsonPropertyName("networks")]
    public Dictionary<string, NetworkStats> Networks { get; set => field = JsonNulls.Remove(value); } = [];

    /// <summary>Block devices.</summary>
    [JsonPropertyName("blkio_stats")]
    public BlkioStats BlkioStats { get; set => field = value ?? new(); } = new();
}

/// <summary>Processor time.</summary>
public sealed class CpuStats
{
    /// <summary>The container's.</summary>
    [JsonPropertyName("cpu_usage")]
    public CpuUsage CpuUsage { get; set => field = value ?? new(); } = new();

    /// <summary>The whole host's, in nanoseconds.</summary>
    [JsonPropertyName("system_cpu_usage")]
    public ulong? SystemCpuUsage { get; set; }

    /// <summary>How many processors there are.</summary>
    [JsonPropertyName("online_cpus")]
    public int? OnlineCpus { get; set; }
}

/// <summary>A container's processor time.</summary>
public sealed class CpuUsage
{
    /// <summary>In nanoseconds.</summary>
    [JsonPropertyName("total_usage")]
    public ulong TotalUsage { get; set; }

    /// <summary>By processor; only with the first version of control groups.</summary>
    [JsonPropertyName("percpu_usage")]
    public IReadOnlyList<ulong>? PercpuUsage { get; set; }
}

/// <summary>Memory.</summary>
public sealed class MemoryStats
{
    /// <summary>Bytes in use, page cache included.</summary>
    [JsonPropertyName("usage")]
    public ulong Usage { get; set; }

    /// <summary>Bytes allowed: the host's memory when there is no limit.</summary>
    [JsonPropertyName("limit")]
    public ulong Limit { get; set; }

    /// <summary>The control group's memory.stat.</summary>
    [JsonPropertyName("stats")]
    public Dictionary<string, ulong> Stats { get; set => field = value ?? []; } = [];
}

/// <summary>One network interface.</summary>
public sealed class NetworkStats
{
    /// <summary>Bytes received.</summary>
    [JsonPropertyName("rx_bytes")]
    public ulong RxBytes { get; set; }

    /// <summary>Bytes sent.</summary>
    [JsonPropertyName("tx_bytes")]
    public ulong TxBytes { get; set; }
}

/// <summary>Block devices.</summary>
public sealed class BlkioStats
{
    /// <summary>Bytes by device and operation.</summary>
    [JsonPropertyName("io_service_bytes_recursive")]
    public IReadOnlyList<BlkioEntry> IoServiceBytesRecursive { get; set => field = JsonNulls.Remove(value); } = [];
}

/// <summary>Bytes of one operation on one device.</summary>
public sealed class BlkioEntry
{
    /// <summary>"read", "Read", "write", "Write", "Total" and others.</summary>
    [JsonPropertyName("op")]
    public string Op { get; set => field = value ?? ""; } = "";

    /// <summary>Bytes.</summary>
    [JsonPropertyName("value")]
    public ulong Value { get; set; }
}
