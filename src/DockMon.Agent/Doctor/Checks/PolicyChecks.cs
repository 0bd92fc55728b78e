using DockMon.Agent.Compose.Deploy.Project;
using DockMon.Agent.Interop;
using DockMon.Agent.Linux;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Create.Paths;
using DockMon.Engine;

namespace DockMon.Agent.Doctor.Checks;

/// <summary>The policy: whether it can be used, what it is, and who could change it.</summary>
internal sealed class PolicyChecks(HostPolicy policy, EngineChecks engine)
{
    public IEnumerable<Check> All() => policy.File is { } file
        ? [new("policy", [], _ => Task.FromResult(Judge(policy, file))), new("policy_mounts", ["container", "policy"], ct => FindWritersAsync(file, ct))]
        : [new("policy", [], _ => Task.FromResult(CheckResult.Ok(WithoutFile(policy))))];

    /// <summary>The result for a policy of a file.</summary>
    public static CheckResult Judge(HostPolicy policy, string file)
    {
        if (policy.Problems.Count > 0)
        {
            return CheckResult.Failed(
                $"{file} cannot be used, and the agent allows nothing but observing: {string.Join("; ", policy.Problems)}",
                "correct it, then have it read again (systemctl reload dockmon-agent, or docker kill -s HUP dockmon-agent)");
        }

        if (!policy.Enforce)
        {
            return CheckResult.Warning(
                $"{file} is not enforced (enforce: false): what it refuses is done all the same, and only logged",
                "remove enforce: false when the log shows that nothing is refused that you need");
        }

        if (FindOwn(file) is { } own)
        {
            return CheckResult.Warning(
                $"{own} belongs to the agent's own user {Native.UserId}: whoever takes over the agent can change the policy",
                $"give it to root: chown root {own}");
        }

        var rules = policy.Containers.Count == 0 ? "" : $", {policy.Containers.Count} {(policy.Containers.Count == 1 ? "rule" : "rules")} for containers";
        return CheckResult.Ok($"{file}: mode {PolicyWords.NameOf(policy.Mode)}{rules}; dockmon-agent policy check says what it means");
    }

    /// <summary>The containers that could change a file of the host.</summary>
    /// <param name="path">The file, as the host calls it.</param>
    /// <param name="running">The containers.</param>
    public static IReadOnlyList<string> FindWriters(string path, IEnumerable<ContainerSummary> running) =>
    [
        .. running.Where(container => container.Mounts.Any(mount =>
                mount.IsWritable
                && mount.Source.StartsWith('/')
                && UnixPath.IsWithin(HostPaths.Canonical(path), HostPaths.Canonical(HostPaths.Clean(mount.Source)))))
            .Select(container => container.Name),
    ];

    private static string WithoutFile(HostPolicy policy) => policy == HostPolicy.Unrestricted
        ? $"none: the server may do everything on this host (docs/policy.md says how to change that)"
        : $"{policy.Origin}: mode {PolicyWords.NameOf(policy.Mode)}, without a file";

    private async Task<CheckResult> FindWritersAsync(string file, CancellationToken ct)
    {
        var path = engine.Mounts is { } mounts ? HostPath.Translate(file, mounts) : file;
        if (path is null)
        {
            return CheckResult.Ok($"{file} is in the agent's own image or container, and no other container has it");
        }

        var writers = FindWriters(path, await engine.Client!.ListContainersAsync(all: false, ct));
        return writers.Count == 0
            ? CheckResult.Ok("no running container has the policy mounted so that it could change it")
            : CheckResult.Warning(
                $"these containers have {path}, or a directory above it, mounted so that they can change the policy: {string.Join(", ", writers)}",
                "mount it read-only (:ro), or keep the policy in a directory that no container has");
    }

    // Root can change everything anyhow.
    private static string? FindOwn(string file)
    {
        for (var path = file; Native.UserId != 0 && path is not null; path = Path.GetDirectoryName(path))
        {
            if (FileStatus.Read(path)?.User == Native.UserId)
            {
                return path;
            }
        }

        return null;
    }
}
