using DockMon.Agent.Linux;
using DockMon.Agent.Streams.HostMetrics;

namespace DockMon.Agent.Doctor.Checks;

/// <summary>The host's files that statistics are read from, which a container sees only when they are mounted.</summary>
/// <param name="inContainer">Whether the agent runs in a container.</param>
/// <param name="root">The root of the file system; another one than <c>/</c> in tests.</param>
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
            return CheckResult.Warning($"the host's figures cannot be read: {e.Message}", inContainer ? remedy : "check who may read that file");
        }
    }

    // Never a warning: without them the engine is asked.
    private CheckResult ControlGroups()
    {
        var found = ControlGroupFolders.Select(path => Path.Combine(root, path)).FirstOrDefault(Directory.Exists);
        return found is null
            ? CheckResult.Ok("not visible; with -v /sys/fs/cgroup:/host/sys/fs/cgroup:ro the agent reads statistics there, which is less work for the engine")
            : CheckResult.Ok($"version {(File.Exists(Path.Combine(found, "cgroup.controllers")) ? 2 : 1)} at {found}"
                + (inContainer && !found.Contains("/host/", StringComparison.Ordinal)
                    ? ", the container's own; the host's are mounted with -v /sys/fs/cgroup:/host/sys/fs/cgroup:ro"
                    : ""));
    }
}
