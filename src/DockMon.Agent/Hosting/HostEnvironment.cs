using DockMon.Agent.Configuration;

namespace DockMon.Agent.Hosting;

/// <summary>What the agent can see of the machine without asking the engine.</summary>
/// <param name="ProcRoot">The procfs of the agent's own process.</param>
/// <param name="HostProcRoot">Where the host's procfs is mounted, if it is.</param>
/// <param name="Hostname">The operating system's host name; a container's own when in one.</param>
/// <param name="InContainer">Some engine's container, if not a known one.</param>
internal sealed record HostEnvironment(string ProcRoot, string HostProcRoot, string? Hostname, bool InContainer)
{
    public static HostEnvironment Current() => new("/proc", "/host/proc", Environment.MachineName, SelfContainer.IsInAny("/proc"));

    /// <summary>The addresses of the engine's host, or none rather than those of a container or of another machine.</summary>
    public IReadOnlyList<string> Addresses(AgentOptions options, SelfContainer? self)
    {
        var onHost = self is null ? !InContainer : self.HasHostNetwork;
        if (self is null && !IsLocal(options.DockerHost))
        {
            return [];
        }

        // Not HostProcRoot/net or HostProcRoot/self: those lead back to the process that asks. Process 1 is the host's.
        return onHost ? HostAddresses.Read(Path.Combine(ProcRoot, "self")) : HostAddresses.Read(Path.Combine(HostProcRoot, "1"));
    }

    private static bool IsLocal(string? dockerHost) =>
        dockerHost is null || dockerHost.StartsWith("unix://", StringComparison.Ordinal)
        || (Uri.TryCreate(dockerHost, UriKind.Absolute, out var uri) && uri.IsLoopback);
}
