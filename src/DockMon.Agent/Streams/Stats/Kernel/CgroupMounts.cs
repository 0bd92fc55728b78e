using DockMon.Agent.Linux;

namespace DockMon.Agent.Streams.Stats.Kernel;

/// <summary>One place where control groups are mounted.</summary>
/// <param name="Controllers">Those of version 1 there; empty for version 2.</param>
/// <param name="Root">The group that is mounted, seen from the reader's control group namespace: <c>/../..</c> is two above its root.</param>
/// <param name="Point">Where.</param>
internal sealed record CgroupMount(IReadOnlyList<string> Controllers, string Root, string Point);

/// <summary>Where control groups are mounted, and which directory a group's is.</summary>
internal sealed class CgroupMounts
{
    // Nobody nests deeper; each level is a look into every directory of the level above.
    private const int DeepestSearch = 6;

    private readonly IReadOnlyList<CgroupMount> _mounts;
    private readonly string _root;

    /// <param name="root">The file system; <c>/</c> but for tests.</param>
    /// <param name="mounts">The reader's mounts.</param>
    public CgroupMounts(string root, IEnumerable<Mount> mounts)
    {
        _root = root;

        // In a container its own mounts show its own groups; the host's were given to it elsewhere.
        _mounts = [.. mounts.Select(Select).OfType<CgroupMount>().OrderByDescending(mount => mount.Point.StartsWith("/host/", StringComparison.Ordinal))];
    }

    /// <summary>The directory of a group in which a file is; null when no mount shows it.</summary>
    /// <param name="controller">The controller of version 1; empty for version 2.</param>
    /// <param name="group">The group as <c>/proc/PID/cgroup</c> names it.</param>
    /// <param name="containerId">Whose group it is: in names that have to be searched for, the proof that the right one was found.</param>
    /// <param name="file">The file.</param>
    public string? Find(string controller, string group, string containerId, string file)
    {
        foreach (var mount in _mounts)
        {
            var serves = controller.Length == 0 ? mount.Controllers.Count == 0 : mount.Controllers.Contains(controller);
            if (serves && Directories(mount, group, containerId).FirstOrDefault(directory => File.Exists(Path.Combine(directory, file))) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private IEnumerable<string> Directories(CgroupMount mount, string group, string containerId)
    {
        var top = Path.Combine(_root, mount.Point.TrimStart('/'));
        var (rootUp, rootParts) = Split(mount.Root);
        var (groupUp, groupParts) = Split(group);
        if (rootUp == groupUp && groupParts.Length >= rootParts.Length && groupParts.AsSpan(0, rootParts.Length).SequenceEqual(rootParts))
        {
            return [Path.Combine([top, .. groupParts[rootParts.Length..]])];
        }

        // A namespace hides the names of the groups above its root, not how many they are. Either the rest has the container's id, or, for the reader's
        // own group, one of the hidden names has: what is that deep and has it in neither is somebody else's.
        var hidden = rootUp - groupUp;
        if (rootParts.Length > 0 || hidden is <= 0 or > DeepestSearch)
        {
            return [];
        }

        var isNamed = groupParts.Any(part => part.Contains(containerId, StringComparison.Ordinal));
        return Below(top, hidden).Select(directory => isNamed ? Path.Combine([directory, .. groupParts]) : CgroupPaths.UpTo(directory, containerId))
            .OfType<string>();
    }

    private static IEnumerable<string> Below(string directory, int levels)
    {
        if (levels == 0)
        {
            return [directory];
        }

        try
        {
            return Directory.GetDirectories(directory).SelectMany(child => Below(child, levels - 1));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // Groups come and go.
        }
    }

    private static (int Up, string[] Parts) Split(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var up = parts.TakeWhile(part => part == "..").Count();
        return (up, parts[up..]);
    }

    private static CgroupMount? Select(Mount mount) => mount.Type switch
    {
        "cgroup" => new CgroupMount(mount.Options.Split(','), mount.Root, mount.Point),
        "cgroup2" => new CgroupMount([], mount.Root, mount.Point),
        _ => null,
    };
}
