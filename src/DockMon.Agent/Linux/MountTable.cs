using System.Text.RegularExpressions;
using DockMon.Engine;

namespace DockMon.Agent.Linux;

/// <summary>What a directory of a container lies on.</summary>
internal enum StorageKind
{
    /// <summary>A volume with a name of its own.</summary>
    NamedVolume,

    /// <summary>A volume whose name Docker made up.</summary>
    AnonymousVolume,

    /// <summary>A directory of the host.</summary>
    Bind,

    /// <summary>Memory.</summary>
    Memory,

    /// <summary>The container's own layer, which goes with it.</summary>
    Layer,
}

/// <summary>What lies under a path.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Source">The volume's name, or the host's path.</param>
internal sealed record MountedStorage(StorageKind Kind, string Source);

/// <summary>Finds out what a directory of a container lies on.</summary>
internal static partial class MountTable
{
    /// <summary>As the engine tells it.</summary>
    public static MountedStorage Find(string path, IEnumerable<ContainerMount> mounts) =>
        mounts.Where(mount => Holds(mount.Destination, path)).MaxBy(mount => mount.Destination.Length) switch
        {
            null => new(StorageKind.Layer, ""),
            { Type: "volume" } volume => Volume(volume.Name),
            { Type: "tmpfs" } => new(StorageKind.Memory, ""),
            var bind => new(StorageKind.Bind, bind.Source),
        };

    /// <summary>As the kernel tells it in <c>/proc/self/mountinfo</c>, for where the engine cannot be asked.</summary>
    public static MountedStorage Find(string path, string mountInfo)
    {
        // mount id, parent id, device, directory in the file system, mount point, options, …, -, type, source, options
        var lines = mountInfo.Split('\n').Select(line => line.Split(' ')).Where(fields => fields.Length > 6);
        var held = lines.Where(fields => Holds(Unescape(fields[4]), path)).MaxBy(fields => Unescape(fields[4]).Length);
        if (held is null || held[4] == "/")
        {
            return new(StorageKind.Layer, "");
        }

        var source = Unescape(held[3]);
        return held[Math.Min(Array.IndexOf(held, "-") + 1, held.Length - 1)] == "tmpfs" ? new(StorageKind.Memory, "")
            : VolumeFolder().Match(source) is { Success: true } volume ? Volume(volume.Groups[1].Value)
            : new(StorageKind.Bind, source);
    }

    private static MountedStorage Volume(string name) => new(name.Length == 64 && name.All(char.IsAsciiHexDigitLower) ? StorageKind.AnonymousVolume : StorageKind.NamedVolume, name);

    private static bool Holds(string mountPoint, string path) => path == mountPoint || path.StartsWith(mountPoint.TrimEnd('/') + "/", StringComparison.Ordinal);

    // The kernel writes the few characters that would break its lines in octal.
    private static string Unescape(string field) => Octal().Replace(field, code => ((char)Convert.ToInt32(code.Groups[1].Value, 8)).ToString());

    [GeneratedRegex("\\\\([0-7]{3})", RegexOptions.CultureInvariant)]
    private static partial Regex Octal();

    [GeneratedRegex("/volumes/([^/]+)/_data(/|$)", RegexOptions.CultureInvariant)]
    private static partial Regex VolumeFolder();
}
