using DockMon.Agent.Linux;

namespace DockMon.Agent.Streams.Stats.Kernel;

/// <summary>What the whole host has used and has, as the engine counts it.</summary>
internal sealed class HostTotals(KernelFile stat, ulong memory) : IDisposable
{
    private const ulong NanosecondsPerTick = 1_000_000_000 / 100;

    private readonly CpuTimes _times = new();

    /// <summary>Processor time so far, nanoseconds.</summary>
    public ulong System { get; private set; }

    /// <summary>How many processors are online.</summary>
    public int Cpus { get; private set; }

    /// <summary>Bytes of memory.</summary>
    public ulong Memory => memory;

    /// <exception cref="IOException">A file is not there.</exception>
    public static HostTotals Open(string procRoot, ReadBuffer buffer)
    {
        using var meminfo = KernelFile.Open(Path.Combine(procRoot, "meminfo"));
        var memory = MemoryInfo.Total(meminfo.Read(buffer)) ?? 0;
        return new HostTotals(KernelFile.Open(Path.Combine(procRoot, "stat")), memory);
    }

    /// <summary>Reads the processors' time.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public void Refresh(ReadBuffer buffer)
    {
        var text = stat.Read(buffer);
        try
        {
            _times.Update(text);
        }
        catch (FormatException e)
        {
            throw new IOException(e.Message, e);
        }

        System = _times.Total * NanosecondsPerTick;
        Cpus = CpuTimes.CountCores(text);
    }

    public void Dispose() => stat.Dispose();
}
