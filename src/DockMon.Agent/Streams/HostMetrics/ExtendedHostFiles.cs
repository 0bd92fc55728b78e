using System.Globalization;
using DockMon.Agent.Linux;
using DockMon.Protocol;

namespace DockMon.Agent.Streams.HostMetrics;

/// <summary>Figures of the host that only a server which asks for them gets: load, swap, disks and temperatures.</summary>
internal static class ExtendedHostFiles
{
    // Linux counts 512 bytes as one sector, whatever the device does.
    private const int SectorBytes = 512;

    // Made of other devices' space, or of memory.
    private static readonly string[] VirtualDisks = ["loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd"];

    /// <summary>The load averages of one, five and fifteen minutes, from <c>/proc/loadavg</c>.</summary>
    public static IReadOnlyList<double>? Load(string proc)
    {
        var fields = ReadOrNull(Path.Combine(proc, "loadavg"))?.Split(' ') ?? [];
        return fields.Length < 3 ? null : [.. fields.Take(3).Select(Number).OfType<double>()];
    }

    /// <summary>What the host's disks read and wrote, from <c>/proc/diskstats</c>; partitions and virtual devices are left out.</summary>
    public static IReadOnlyList<DiskCounters> Disks(HostFiles files)
    {
        var lines = ReadOrNull(Path.Combine(files.Proc, "diskstats"))?.Split('\n') ?? [];
        return [.. lines.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields.Length > 9)
            .Select(fields => Disk(files.Sys, fields))
            .OfType<DiskCounters>()];
    }

    /// <summary>How full file systems on devices are, each device once; only where the host's own files are the agent's, too.</summary>
    public static IReadOnlyList<FileSystemStats>? FileSystems(HostFiles files, bool inContainer) => inContainer ? null :
        [.. (ReadOrNull(Path.Combine(files.Proc, "self/mounts"))?.Split('\n') ?? [])
            .Select(line => line.Split(' '))
            .Where(fields => fields.Length > 2 && fields[0].StartsWith("/dev/", StringComparison.Ordinal) && fields[2] != "squashfs")
            .DistinctBy(fields => fields[0])
            .Select(fields => FileSystem(fields[0], fields[1])).OfType<FileSystemStats>()];

    /// <summary>The temperatures that the host's sensors show, from <c>/sys/class/hwmon</c>.</summary>
    public static IReadOnlyList<TemperatureStats> Temperatures(string sys)
    {
        var root = Path.Combine(sys, "class/hwmon");
        return !Directory.Exists(root) ? [] : [.. Directory.GetDirectories(root).Order(StringComparer.Ordinal).SelectMany(Sensors)];
    }

    private static IEnumerable<TemperatureStats> Sensors(string chip)
    {
        var name = ReadOrNull(Path.Combine(chip, "name"))?.Trim() ?? Path.GetFileName(chip);
        foreach (var file in Directory.GetFiles(chip, "temp*_input").Order(StringComparer.Ordinal))
        {
            // Thousandths of a degree. A sensor that is asleep cannot be read.
            if (ReadOrNull(file) is { } text && Number(text.Trim()) is { } value)
            {
                var label = ReadOrNull(file.Replace("_input", "_label", StringComparison.Ordinal))?.Trim();
                yield return new() { Name = label is null ? name : $"{name} {label}", Celsius = Math.Round(value / 1000, 1) };
            }
        }
    }

    // major minor name reads merged sectors ms writes merged sectors
    private static DiskCounters? Disk(string sys, string[] fields)
    {
        var name = fields[2];
        var isDisk = !VirtualDisks.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)) && Directory.Exists(Path.Combine(sys, "block", name));
        return isDisk
            && Number(fields[5]) is { } read
            && Number(fields[9]) is { } written
            && Number(ReadOrNull(Path.Combine(sys, "block", name, "size"))?.Trim()) is { } size
            ? new(name, (long)size * SectorBytes, read * SectorBytes, written * SectorBytes) : null;
    }

    private static FileSystemStats? FileSystem(string device, string mountPoint)
    {
        try
        {
            var drive = new DriveInfo(Mount.Unescape(mountPoint));
            return new() { Device = device, MountPoint = drive.Name, TotalBytes = drive.TotalSize, UsedBytes = drive.TotalSize - drive.TotalFreeSpace };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // Unmounted meanwhile, or not for the agent's user.
        }
    }

    private static string? ReadOrNull(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // Not every kernel, machine and container shows it.
        }
    }

    private static double? Number(string? text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : null;
}

/// <summary>One disk, and what it did since the host started.</summary>
internal sealed record DiskCounters(string Name, long SizeBytes, double ReadBytes, double WrittenBytes)
{
    /// <summary>What it did in between; null when its counters began anew.</summary>
    public DiskStats? Since(DiskCounters? earlier, TimeSpan elapsed) =>
        earlier is null || earlier.ReadBytes > ReadBytes || earlier.WrittenBytes > WrittenBytes ? null : new()
        {
            Name = Name,
            SizeBytes = SizeBytes,
            ReadBytesPerSec = Math.Round((ReadBytes - earlier.ReadBytes) / elapsed.TotalSeconds),
            WriteBytesPerSec = Math.Round((WrittenBytes - earlier.WrittenBytes) / elapsed.TotalSeconds),
        };
}
