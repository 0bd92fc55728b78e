using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Streams.Stats;

/// <summary>The resources that a container has used up to one moment, from the kernel or from the engine.</summary>
internal readonly record struct Reading
{
    /// <summary>The container's processor time, nanoseconds.</summary>
    public ulong Cpu { get; init; }

    /// <summary>The whole host's processor time, nanoseconds.</summary>
    public ulong System { get; init; }

    /// <summary>How many processors the host has.</summary>
    public int Cpus { get; init; }

    /// <summary>The working set, bytes.</summary>
    public ulong Memory { get; init; }

    /// <summary>Bytes allowed: the host's memory when there is no limit; 0 when nobody knows.</summary>
    public ulong MemoryLimit { get; init; }

    public ulong NetworkRx { get; init; }

    public ulong NetworkTx { get; init; }

    public ulong DiskRead { get; init; }

    public ulong DiskWrite { get; init; }

    /// <summary>Percent of one processor since <paramref name="before"/>.</summary>
    public double CpuPercentSince(in Reading before) => StatsMath.CpuPercent(before.Cpu, Cpu, before.System, System, Cpus);

    /// <summary>The sample that this reading and the one before it make.</summary>
    public ContainerStats ToSample(in Reading before, string id, string name, string timestamp)
    {
        var (memory, limit) = (Whole(Memory), Whole(MemoryLimit));
        return new()
        {
            ContainerId = id,
            ContainerName = name,
            CpuPercent = Math.Round(CpuPercentSince(before), 1),
            MemoryUsage = memory,
            MemoryLimit = limit,
            MemoryPercent = limit > 0 ? Math.Round(100.0 * memory / limit, 2) : 0,
            NetworkRx = Whole(NetworkRx),
            NetworkTx = Whole(NetworkTx),
            DiskRead = Whole(DiskRead),
            DiskWrite = Whole(DiskWrite),
            Timestamp = timestamp,
        };
    }

    /// <summary>A reading from the counters of the engine.</summary>
    public static Reading From(EngineStats stats)
    {
        var (rx, tx) = StatsMath.Network(stats);
        var (read, write) = StatsMath.BlockIo(stats);
        return new Reading
        {
            Cpu = stats.CpuStats.CpuUsage.TotalUsage,
            System = stats.CpuStats.SystemCpuUsage ?? 0,
            Cpus = StatsMath.Cpus(stats.CpuStats),
            Memory = StatsMath.WorkingSet(stats),
            MemoryLimit = stats.MemoryStats.Limit,
            NetworkRx = rx,
            NetworkTx = tx,
            DiskRead = read,
            DiskWrite = write,
        };
    }

    private static long Whole(ulong value) => (long)Math.Min(value, long.MaxValue);
}
