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
        mounts.Where(mount => UnixPath.IsWithin(path, mount.Destination)).MaxBy(mount => mount.Destination.Length) switch
        {
            null => new(StorageKind.Layer, ""),
            { Type: "volume" } volume => Volume(volume.Name),
            { Type: "tmpfs" } => new(StorageKind.Memory, ""),
            var bind => new(StorageKind.Bind, bind.Source),
        };

    /// <summary>As the kernel tells it, for where the engine cannot be asked.</summary>
    public static MountedStorage Find(string path, IEnumerable<Mount> mounts) =>
        mounts.Where(mount => UnixPath.IsWithin(path, mount.Point)).MaxBy(mount => mount.Point.Length) switch
        {
            null or { Point: "/" } => new(StorageKind.Layer, ""),
            { Type: "tmpfs" } => new(StorageKind.Memory, ""),
            var mount when VolumeFolder().Match(mount.Root) is { Success: true } volume => Volume(volume.Groups[1].Value),
            var bind => new(StorageKind.Bind, bind.Root),
        };

    private static MountedStorage Volume(string name) => new(ContainerId.IsId(name) ? StorageKind.AnonymousVolume : StorageKind.NamedVolume, name);

    [GeneratedRegex("/volumes/([^/]+)/_data(/|$)", RegexOptions.CultureInvariant)]
    private static partial Regex VolumeFolder();
}
