using System.Text.Json.Serialization;

namespace DockMon.Engine;

/// <summary>A sample of a container, as Docker gives it (<c>/containers/ID/stats</c>). Anything may be missing.</summary>
public sealed record EngineStats
{
    /// <summary>When the engine read it; year 1 when the container does not run.</summary>
    [JsonPropertyName("read")]
    public DateTimeOffset? Read { get; init; }

    /// <summary>CPU now.</summary>
    [JsonPropertyName("cpu_stats")]
    public CpuStats? CpuStats { get; init; }

    /// <summary>CPU at the sample before.</summary>
    [JsonPropertyName("precpu_stats")]
    public CpuStats? PrecpuStats { get; init; }

    /// <summary>Memory.</summary>
    [JsonPropertyName("memory_stats")]
    public MemoryStats? MemoryStats { get; init; }

    /// <summary>Network interfaces by name.</summary>
    [JsonPropertyName("networks")]
    public IReadOnlyDictionary<string, NetworkStats>? Networks { get; init; }

    /// <summary>Block devices.</summary>
    [JsonPropertyName("blkio_stats")]
    public BlkioStats? BlkioStats { get; init; }
}

/// <summary>CPU time of a container and its host.</summary>
public sealed record CpuStats
{
    /// <summary>The container's.</summary>
    [JsonPropertyName("cpu_usage")]
    public CpuUsage? CpuUsage { get; init; }

    /// <summary>The host's, nanoseconds.</summary>
    [JsonPropertyName("system_cpu_usage")]
    public ulong? SystemCpuUsage { get; init; }

    /// <summary>Processors the host has.</summary>
    [JsonPropertyName("online_cpus")]
    public int? OnlineCpus { get; init; }
}

/// <summary>CPU time of a container.</summary>
public sealed record CpuUsage
{
    /// <summary>Nanoseconds.</summary>
    [JsonPropertyName("total_usage")]
    public ulong TotalUsage { get; init; }

    /// <summary>Nanoseconds per processor; on cgroup v1 only.</summary>
    [JsonPropertyName("percpu_usage")]
    public IReadOnlyList<ulong>? PercpuUsage { get; init; }
}

/// <summary>Memory of a container.</summary>
public sealed record MemoryStats
{
    /// <summary>All, page cache included, bytes.</summary>
    [JsonPropertyName("usage")]
    public ulong? Usage { get; init; }

    /// <summary>The limit, bytes.</summary>
    [JsonPropertyName("limit")]
    public ulong? Limit { get; init; }

    /// <summary>The kernel's <c>memory.stat</c>.</summary>
    [JsonPropertyName("stats")]
    public IReadOnlyDictionary<string, ulong>? Stats { get; init; }
}

/// <summary>One network interface of a container.</summary>
public sealed record NetworkStats
{
    /// <summary>Bytes received.</summary>
    [JsonPropertyName("rx_bytes")]
    public ulong RxBytes { get; init; }

    /// <summary>Bytes sent.</summary>
    [JsonPropertyName("tx_bytes")]
    public ulong TxBytes { get; init; }
}

/// <summary>Block devices of a container.</summary>
public sealed record BlkioStats
{
    /// <summary>Bytes by device and kind of operation.</summary>
    [JsonPropertyName("io_service_bytes_recursive")]
    public IReadOnlyList<BlkioEntry>? IoServiceBytesRecursive { get; init; }
}

/// <summary>Bytes of one kind of operation on one device.</summary>
public sealed record BlkioEntry
{
    /// <summary><c>Read</c>, <c>Write</c> on cgroup v1; <c>read</c>, <c>write</c> on v2; others besides.</summary>
    [JsonPropertyName("op")]
    public string? Op { get; init; }

    /// <summary>Bytes.</summary>
    [JsonPropertyName("value")]
    public ulong Value { get; init; }
}

/// <summary>What <c>docker stats</c> makes of a sample.</summary>
public static class StatsMath
{
    /// <summary>CPU since the sample before, percent; 100 is one core. Never negative.</summary>
    public static double CpuPercent(EngineStats stats)
    {
        if (stats is not { CpuStats: { CpuUsage: { } usage, SystemCpuUsage: { } system }, PrecpuStats: { CpuUsage: { } usageBefore, SystemCpuUsage: { } systemBefore } } || system <= systemBefore || usage.TotalUsage <= usageBefore.TotalUsage)
        {
            return 0;
        }

        var cores = stats.CpuStats.OnlineCpus is > 0 and var online ? online : Math.Max(1, usage.PercpuUsage?.Count ?? 1);
        return (double)(usage.TotalUsage - usageBefore.TotalUsage) / (system - systemBefore) * cores * 100;
    }

    /// <summary>The working set, bytes: on cgroup v2 <c>anon + active_file</c>, on v1 usage without inactive page cache.</summary>
    public static ulong WorkingSet(EngineStats stats)
    {
        var memory = stats.MemoryStats;
        var values = memory?.Stats;
        ulong Value(string key) => values is not null && values.TryGetValue(key, out var value) ? value : 0;
        // Only v1's memory.stat has sums over the hierarchy.
        if (values is not null && values.ContainsKey("anon") && !values.ContainsKey("total_inactive_file"))
        {
            return Value("anon") + Value("active_file");
        }

        var usage = memory?.Usage ?? 0;
        var inactive = values is not null && values.ContainsKey("total_inactive_file") ? Value("total_inactive_file") : Value("inactive_file");
        return inactive < usage ? usage - inactive : usage;
    }

    /// <summary>Bytes read from and written to block devices since the start.</summary>
    public static (ulong Read, ulong Write) BlockIo(EngineStats stats)
    {
        ulong read = 0, write = 0;
        foreach (var entry in stats.BlkioStats?.IoServiceBytesRecursive ?? [])
        {
            read += "read".Equals(entry.Op, StringComparison.OrdinalIgnoreCase) ? entry.Value : 0;
            write += "write".Equals(entry.Op, StringComparison.OrdinalIgnoreCase) ? entry.Value : 0;
        }

        return (read, write);
    }

    /// <summary>Bytes received and sent by all interfaces since the start.</summary>
    public static (ulong Rx, ulong Tx) Network(EngineStats stats)
    {
        ulong rx = 0, tx = 0;
        foreach (var network in stats.Networks?.Values ?? [])
        {
            rx += network.RxBytes;
            tx += network.TxBytes;
        }

        return (rx, tx);
    }
}
