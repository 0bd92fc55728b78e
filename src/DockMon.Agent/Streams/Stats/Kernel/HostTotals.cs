namespace DockMon.Agent.Streams.Stats.Kernel;

/// <summary>What the whole host has used and has, as the engine counts it.</summary>
internal sealed class HostTotals(KernelFile stat, ulong memory) : IDisposable
{
    private const ulong NanosecondsPerTick = 1_000_000_000 / 100;

    // user nice system idle iowait irq softirq: what the engine adds up. Time that was stolen is not in it.
    private const int Fields = 7;

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
        var memory = (KernelText.Value(meminfo.Read(buffer), "MemTotal"u8) ?? 0) * 1024;
        return new HostTotals(KernelFile.Open(Path.Combine(procRoot, "stat")), memory);
    }

    /// <summary>Reads the processors' time.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public void Refresh(ReadBuffer buffer)
    {
        var text = stat.Read(buffer);
        var cpus = 0;
        foreach (var range in text.Split((byte)'\n'))
        {
            var line = text[range];
            if (!line.StartsWith("cpu"u8))
            {
                break; // The processors come first.
            }

            if (line[3..].StartsWith(" "u8))
            {
                System = Sum(line[3..]) * NanosecondsPerTick;
            }
            else
            {
                cpus++;
            }
        }

        Cpus = Math.Max(cpus, 1);
    }

    public void Dispose() => stat.Dispose();

    private static ulong Sum(ReadOnlySpan<byte> line)
    {
        var sum = 0UL;
        for (var i = 0; i < Fields; i++)
        {
            sum += KernelText.Number(KernelText.TakeField(ref line));
        }

        return sum;
    }
}
