using DockMon.Agent.Linux;

namespace DockMon.Agent.Streams.HostMetrics;

/// <summary>The directories and files from which the host's figures are read.</summary>
/// <param name="Proc">Its procfs.</param>
/// <param name="Sys">Its sysfs; need not exist.</param>
/// <param name="NetDev">The counters of its interfaces.</param>
internal sealed record HostFiles(string Proc, string Sys, string NetDev)
{
    /// <summary>Finds them; null in a container that was not given its host's: what it sees under <c>/proc</c> are its own interfaces.</summary>
    /// <param name="machine">The machine as the agent sees it.</param>
    /// <param name="inContainer">Whether the agent runs in one.</param>
    public static HostFiles? Find(Machine machine, bool inContainer)
    {
        if (File.Exists(Path.Combine(machine.HostProc, "stat")))
        {
            // "net" is a link to the reader's own; the host's first process sees the host's.
            return new(machine.HostProc, machine.HostSys, Path.Combine(machine.HostProc, "1/net/dev"));
        }

        return inContainer ? null : new(machine.Proc, machine.Sys, Path.Combine(machine.Proc, "net/dev"));
    }

    /// <summary>Reads everything once, with as little garbage as can be: it is done every two seconds for as long as the agent lives.</summary>
    /// <param name="buffer">What the files are read into.</param>
    /// <exception cref="IOException">A file is not there or cannot be read.</exception>
    /// <exception cref="FormatException">A file is not what Linux writes.</exception>
    public HostReading Read(ReadBuffer buffer)
    {
        var cpu = CpuTimes.Parse(Read(Path.Combine(Proc, "stat"), buffer));
        var memory = MemoryInfo.Parse(Read(Path.Combine(Proc, "meminfo"), buffer));
        var interfaces = InterfaceCounters.ParsePhysical(Read(NetDev, buffer));
        interfaces.RemoveAll(one => !IsUp(one.Name, buffer));
        return new(cpu, memory, interfaces);
    }

    private bool IsUp(string name, ReadBuffer buffer)
    {
        using var state = KernelFile.TryOpen(Path.Combine(Sys, "class/net", name, "operstate"));
        return state is null || state.Read(buffer).TrimEnd((byte)'\n') is var text && (text.SequenceEqual("up"u8) || text.SequenceEqual("unknown"u8));
    }

    private static ReadOnlySpan<byte> Read(string path, ReadBuffer buffer)
    {
        using var file = KernelFile.Open(path);
        return file.Read(buffer);
    }
}

/// <summary>The content of the files at one moment.</summary>
internal sealed record HostReading(CpuTimes Cpu, MemoryInfo Memory, IReadOnlyList<InterfaceCounters> Interfaces);
