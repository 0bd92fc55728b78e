using DockMon.Engine;

namespace DockMon.Agent.Streams.Stats;

/// <summary>The figures that <c>docker stats</c> shows, computed from the counters of the engine or of the kernel.</summary>
internal static class StatsMath
{
    /// <summary>
    /// Percent of one processor, out of a container's and the whole host's processor time at two moments; 0 when the first of them is unknown.
    /// </summary>
    public static double CpuPercent(ulong containerBefore, ulong containerNow, ulong systemBefore, ulong systemNow, int cpus)
    {
        if (systemBefore == 0)
        {
            return 0;
        }

        // Floating point: a container that was started again counts from zero, and the difference is negative.
        var container = (double)containerNow - containerBefore;
        var system = (double)systemNow - systemBefore;
        return container > 0 && system > 0 ? container / system * cpus * 100 : 0;
    }

    /// <summary>Bytes of memory that cannot simply be taken back: without the page cache that is not in use.</summary>
    public static ulong WorkingSet(EngineStats stats)
    {
        var memory = stats.MemoryStats;
        var values = memory.Stats;

        // Only the first version of control groups has totals over a group and those below it.
        if (!values.ContainsKey("total_inactive_file")
            && values.TryGetValue("anon", out var anon) && values.TryGetValue("active_file", out var active))
        {
            return anon + active;
        }

        var inactive = values.TryGetValue("total_inactive_file", out var total) ? total : values.GetValueOrDefault("inactive_file");
        return memory.Usage > inactive ? memory.Usage - inactive : 0;
    }

    /// <summary>Bytes read from and written to block devices.</summary>
    public static (ulong Read, ulong Write) BlockIo(EngineStats stats)
    {
        var (read, write) = (0UL, 0UL);
        foreach (var entry in stats.BlkioStats.IoServiceBytesRecursive)
        {
            if (string.Equals(entry.Op, "read", StringComparison.OrdinalIgnoreCase))
            {
                read += entry.Value;
            }
            else if (string.Equals(entry.Op, "write", StringComparison.OrdinalIgnoreCase))
            {
                write += entry.Value;
            }
        }

        return (read, write);
    }

    /// <summary>Bytes received and sent over all interfaces.</summary>
    public static (ulong Rx, ulong Tx) Network(EngineStats stats)
    {
        var (rx, tx) = (0UL, 0UL);
        foreach (var network in stats.Networks.Values)
        {
            rx += network.RxBytes;
            tx += network.TxBytes;
        }

        return (rx, tx);
    }

    /// <summary>How many processors there are; 1 when the engine does not say.</summary>
    public static int Cpus(CpuStats cpu) =>
        cpu.OnlineCpus is > 0 and var online ? online : cpu.CpuUsage.PercpuUsage is { Count: > 0 and var listed } ? listed : 1;
}
