using DockMon.Agent.Linux;
using DockMon.Agent.Streams.HostMetrics;

namespace DockMon.Agent.Doctor;

/// <summary>What a container was given of its host, for the host's figures.</summary>
/// <param name="inContainer">Whether the agent runs in one.</param>
/// <param name="root">The file system; <c>/</c> but for tests.</param>
internal sealed class HostChecks(bool inContainer, string root = "/")
{
    private static readonly string[] ControlGroupFolders = ["host/sys/fs/cgroup", "sys/fs/cgroup"];

    public IEnumerable<Check> All() =>
    [
        new("host_metrics", [], _ => Task.FromResult(Metrics())),
        new("cgroups", [], _ => Task.FromResult(ControlGroups())),
    ];

    private CheckResult Metrics()
    {
        const string remedy = "mount the host's files: -v /proc:/host/proc:ro -v /sys:/host/sys:ro";
        if (HostFiles.Find(new Machine(root), inContainer) is not { } files)
        {
            return CheckResult.Warning("the host's CPU, memory and network cannot be seen from inside this container: the server will not show them", remedy);
        }

        try
        {
            files.Read(new ReadBuffer());
            return CheckResult.Ok($"read from {files.Proc}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return CheckResult.Warning($"the host's figures cannot be read: {e.Message}", inContainer ? remedy : "see who may read that file");
        }
    }

    // A hint and no more: without them the engine is asked.
    private CheckResult ControlGroups()
    {
        var found = ControlGroupFolders.Select(path => Path.Combine(root, path)).FirstOrDefault(Directory.Exists);
        return found is null
            ? CheckResult.Ok("none to be seen; with -v /sys/fs/cgroup:/host/sys/fs/cgroup:ro containers can be watched at less cost to the engine")
            : CheckResult.Ok($"version {(File.Exists(Path.Combine(found, "cgroup.controllers")) ? 2 : 1)} at {found}"
                + (inContainer && !found.Contains("/host/", StringComparison.Ordinal) ? ", this container's own; the host's would be -v /sys/fs/cgroup:/host/sys/fs/cgroup:ro" : ""));
    }
}
