using DockMon.Agent.Linux;

namespace DockMon.Agent.Streams.Stats.Kernel;

/// <summary>A control group's processor time: <c>cpuacct.usage</c> of version 1, or <c>cpu.stat</c> of version 2.</summary>
internal sealed class CpuFile(KernelFile file, bool isVersion2) : IDisposable
{
    /// <summary>Nanoseconds so far.</summary>
    public ulong Read(ReadBuffer buffer)
    {
        var text = file.Read(buffer);
        return isVersion2 ? (KernelText.Value(text, "usage_usec"u8) ?? 0) * 1000 : KernelText.Number(text);
    }

    public void Dispose() => file.Dispose();
}

/// <summary>A control group's memory. Version 2 tells the working set in <c>memory.stat</c> alone; version 1 needs the usage as well.</summary>
internal sealed class MemoryFiles(KernelFile stat, KernelFile? limit, KernelFile? usage) : IDisposable
{
    /// <summary>The working set, bytes; the same as <see cref="StatsMath.WorkingSet"/> makes of the engine's figures.</summary>
    public ulong Read(ReadBuffer buffer)
    {
        if (usage is null)
        {
            var now = stat.Read(buffer);
            return (KernelText.Value(now, "anon"u8) ?? 0) + (KernelText.Value(now, "active_file"u8) ?? 0);
        }

        var used = KernelText.Number(usage.Read(buffer));
        var text = stat.Read(buffer);
        var inactive = KernelText.Value(text, "total_inactive_file"u8) ?? KernelText.Value(text, "inactive_file"u8) ?? 0;
        return used > inactive ? used - inactive : 0;
    }

    /// <summary>Bytes allowed: at most all the host has. "max", and the large number version 1 has for it, mean that.</summary>
    public ulong ReadLimit(ReadBuffer buffer, ulong hostMemory) =>
        limit is not null && KernelText.TryNumber(limit.Read(buffer), out var told) && (told < hostMemory || hostMemory == 0) ? told : hostMemory;

    public void Dispose()
    {
        stat.Dispose();
        limit?.Dispose();
        usage?.Dispose();
    }
}

/// <summary>
/// A control group's bytes to and from block devices: <c>io.stat</c> of version 2; in version 1 the first of some files that knows
/// any, as the engine does it, because which one counts depends on the kernel's I/O scheduler.
/// </summary>
internal sealed class BlockIoFiles(IReadOnlyList<KernelFile> files) : IDisposable
{
    public (ulong Read, ulong Write) Read(ReadBuffer buffer)
    {
        for (var i = 0; i < files.Count; i++)
        {
            if (TryParse(files[i].Read(buffer), out var bytes))
            {
                return bytes;
            }
        }

        return default;
    }

    public void Dispose()
    {
        foreach (var file in files)
        {
            file.Dispose();
        }
    }

    // Version 2: "8:0 rbytes=1 wbytes=2 rios=…". Version 1: "8:0 Read 1" and "8:0 Write 2", and a "Total 3" that belongs to no device.
    internal static bool TryParse(ReadOnlySpan<byte> text, out (ulong Read, ulong Write) bytes)
    {
        bytes = default;
        var found = false;
        foreach (var range in text.Split((byte)'\n'))
        {
            var line = text[range];
            if (KernelText.TakeField(ref line).IndexOf((byte)':') < 0)
            {
                continue;
            }

            found = true;
            while (KernelText.TakeField(ref line) is { IsEmpty: false } field)
            {
                if (field.StartsWith("rbytes="u8) || field.StartsWith("wbytes="u8))
                {
                    Add(ref bytes, field[0] == 'r', KernelText.Number(field["rbytes=".Length..]));
                }
                else if (field.SequenceEqual("Read"u8) || field.SequenceEqual("Write"u8))
                {
                    Add(ref bytes, field[0] == 'R', KernelText.Number(line));
                }
            }
        }

        return found;
    }

    private static void Add(ref (ulong Read, ulong Write) bytes, bool read, ulong count)
    {
        if (read)
        {
            bytes.Read += count;
        }
        else
        {
            bytes.Write += count;
        }
    }
}
