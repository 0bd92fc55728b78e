using DockMon.Agent.Compose.Deploy.Project;
using DockMon.Agent.Hosting;
using DockMon.Agent.Linux;
using DockMon.Agent.Policies.Reading;
using DockMon.Engine;

namespace DockMon.Agent.Policies.Create.Paths;

/// <summary>Finds out what settings are judged by, beside the policy.</summary>
internal sealed class HostFactsReader(AgentContext context, EngineClient engine, OwnContainer own)
{
    // Who has one of these has the host, the engine's or another one's containers, or the kernel.
    private static readonly string[] AlwaysProtected =
    [
        "/proc", "/sys", "/dev", "/run/docker.sock", "/run/docker", "/run/containerd", "/run/podman", "/run/user/*/docker.sock", "/run/user/*/podman",
        "/run/systemd", "/run/dbus", "/var/lib/docker", "/var/lib/containerd", "/var/lib/containers",
    ];

    /// <exception cref="Commands.CommandException">It is not known yet which container the agent runs in.</exception>
    /// <exception cref="EngineException">The engine does not tell.</exception>
    public async Task<HostFacts> ReadAsync(CancellationToken ct)
    {
        var info = await engine.GetInfoAsync(ct);
        var self = own.Require();
        IReadOnlyList<ContainerMount> mounts = self is null ? [] : (await engine.InspectContainerAsync(self.Id, ct)).Mounts;
        var options = context.Options;
        string?[] mine = [options.DataPath, new PolicyLoader(options).Path, EngineEndpoint.SocketOf(options.DockerHost)];
        var seesHost = self is null && HostLocator.WhyElsewhere(info, engine.Endpoint, self, Machine.Current) is null;
        return new HostFacts
        {
            Protected =
            [
                .. AlwaysProtected.Select(PathPattern.Parse).OfType<PathPattern>(),
                .. mine.OfType<string>().Select(path => HostPath.Translate(path, mounts) ?? path).Append(info.DockerRootDir)
                    .Where(path => path.StartsWith('/')).Select(PathPattern.Of),
            ],
            OwnVolumes = [.. mounts.Where(mount => mount.Type == "volume").Select(mount => mount.Name)],
            DefaultRuntime = info.DefaultRuntime,
            HasCgroup1 = info.CgroupVersion == "1",
            Resolve = new HostLinks(path => FindStack(path) ?? (seesHost ? path : FindInside(path, mounts))).Resolve,
        };
    }

    /// <summary>What the agent calls a path in the directory of the compose projects, if the host's name of that was set up; null for others.</summary>
    private string? FindStack(string path) => context.Options is { HostStacksPath: { } host, StacksPath: var stacks } && UnixPath.IsWithin(path, host)
        ? stacks + path[host.Length..] : null;

    /// <summary>What the agent's container calls a path of the host; null when it does not have it.</summary>
    private static string? FindInside(string path, IEnumerable<ContainerMount> mounts) =>
        mounts.Where(mount => mount.Source.StartsWith('/') && UnixPath.IsWithin(path, HostPaths.Clean(mount.Source)))
            .MaxBy(mount => mount.Source.Length) is { } mount
                ? mount.Destination.TrimEnd('/') + path[HostPaths.Clean(mount.Source).TrimEnd('/').Length..]
                : null;
}
