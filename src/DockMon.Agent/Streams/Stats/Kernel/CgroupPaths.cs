using DockMon.Agent.Linux;

namespace DockMon.Agent.Streams.Stats.Kernel;

/// <summary>The control groups of a container, out of those of its first process.</summary>
internal sealed class CgroupPaths
{
    private readonly Dictionary<string, string> _paths = new(StringComparer.Ordinal);

    private CgroupPaths(string text, string containerId, Func<string, string?> select)
    {
        ContainerId = containerId;
        foreach (var entry in ControlGroup.Parse(text))
        {
            if (select(entry.Path) is { } group)
            {
                foreach (var controller in entry.Controllers.Split(','))
                {
                    _paths[controller] = group;
                }
            }
        }
    }

    /// <summary>The groups that are the container's.</summary>
    /// <param name="text">The process's <c>/proc/PID/cgroup</c>.</param>
    /// <param name="containerId">The container's whole id. Groups without it in their names are not the container's and are left out.</param>
    public static CgroupPaths OfContainer(string text, string containerId) => new(text, containerId, path => UpTo(path, containerId));

    /// <summary>All groups of a process that is known to be in the container: in a control group namespace, its own have no name but <c>/</c>.</summary>
    public static CgroupPaths OfOwn(string text, string containerId) => new(text, containerId, path => path);

    /// <summary>
    /// A group's path up to the name with the container's id; null without one. The process may be in a group below the container's: Podman puts
    /// it in one named "container", and systemd inside a container moves itself.
    /// </summary>
    public static string? UpTo(string path, string containerId)
    {
        var found = path.LastIndexOf(containerId, StringComparison.Ordinal);
        if (found < 0)
        {
            return null;
        }

        var end = path.IndexOf('/', found);
        return end < 0 ? path : path[..end];
    }

    /// <summary>The id of the container whose groups they are.</summary>
    public string ContainerId { get; }

    /// <summary>Whether any of the groups is the container's: the proof that the process is the engine's and not another of the same number.</summary>
    public bool Any => _paths.Count > 0;

    /// <summary>The group of a controller of version 1, or with an empty name that of version 2; null when there is none.</summary>
    public string? Of(string controller) => _paths.GetValueOrDefault(controller);
}
