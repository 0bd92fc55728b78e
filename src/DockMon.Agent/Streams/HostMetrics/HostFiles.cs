namespace DockMon.Agent.Streams.HostMetrics;

/// <summary>Where the host tells about itself.</summary>
/// <param name="Proc">Its procfs.</param>
/// <param name="Sys">Its sysfs; need not exist.</param>
/// <param name="NetDev">The counters of its interfaces.</param>
internal sealed record HostFiles(string Proc, string Sys, string NetDev)
{
    /// <summary>Finds them; null in a container that was not given its host's: what it sees under <c>/proc</c> are its own interfaces.</summary>
    /// <param name="root">The file system; <c>/</c> but for tests.</param>
    /// <param name="inContainer">Whether the agent runs in one.</param>
    public static HostFiles? Find(string root, bool inContainer)
    {
        var mounted = Path.Combine(root, "host/proc");
        if (File.Exists(Path.Combine(mounted, "stat")))
        {
            // "net" is a link to the reader's own; the host's first process sees the host's.
            return new(mounted, Path.Combine(root, "host/sys"), Path.Combine(mounted, "1/net/dev"));
        }

        var proc = Path.Combine(root, "proc");
        return inContainer ? null : new(proc, Path.Combine(root, "sys"), Path.Combine(proc, "net/dev"));
    }

    /// <summary>Reads everything once.</summary>
    /// <exception cref="IOException">A file is not there or cannot be read.</exception>
    /// <exception cref="FormatException">A file is not what Linux writes.</exception>
    public HostReading Read()
    {
        using var stat = new StreamReader(Path.Combine(Proc, "stat"));
        return new(
            CpuTimes.Parse(stat.ReadLine() ?? ""),
            MemoryInfo.UsedPercent(File.ReadLines(Path.Combine(Proc, "meminfo"))),
            [.. InterfaceCounters.Parse(File.ReadLines(NetDev)).Where(one => InterfaceCounters.IsPhysical(one.Name) && IsUp(one.Name))]);
    }

    private bool IsUp(string name)
    {
        var state = Path.Combine(Sys, "class/net", name, "operstate");
        return !File.Exists(state) || File.ReadAllText(state).AsSpan().Trim() is "up" or "unknown";
    }
}

/// <summary>What the files said at one moment.</summary>
internal sealed record HostReading(CpuTimes Cpu, double MemoryPercent, IReadOnlyList<InterfaceCounters> Interfaces);
