using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json;
using DockMon.Agent.Configuration;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Hosting;

/// <summary>Who the host is, for the register frame.</summary>
/// <param name="EngineId">Docker's id of the engine.</param>
/// <param name="System">The rest.</param>
internal sealed record HostDescription(string EngineId, SystemInformation System);

/// <summary>Finds out who the host is.</summary>
internal static class HostIdentity
{
    /// <summary>Asks the engine.</summary>
    /// <param name="engine">Docker.</param>
    /// <param name="options">May name the host.</param>
    /// <param name="self">The agent's own container, if it is in one.</param>
    /// <param name="ct">Gives up.</param>
    public static async Task<HostDescription> DescribeAsync(EngineClient engine, AgentOptions options, SelfContainer? self, CancellationToken ct)
    {
        var info = await engine.GetInfoAsync(ct);
        if (string.IsNullOrEmpty(info.Id))
        {
            throw new EngineException("the Docker engine does not say its id (/info): it cannot be told from others");
        }

        var (hostname, source) = ChooseName(options.AgentName, info.Name, Environment.MachineName, info.Id);
        // In a network namespace of its own a container sees its own addresses; those are not the host's.
        var addresses = self is null || self.NetworkMode == "host" ? HostAddresses.Read() : [];
        return new HostDescription(info.Id, new SystemInformation
        {
            Hostname = hostname,
            HostnameSource = source,
            AgentOs = "linux",
            AgentArch = RuntimeInformation.ProcessArchitecture switch
            {
                Architecture.X64 => "amd64",
                Architecture.Arm64 => "arm64",
                var other => other.ToString().ToLowerInvariant(),
            },
            OsType = Told(info.OsType, 50),
            OsVersion = Told(info.OperatingSystem, 500),
            KernelVersion = Told(info.KernelVersion, 255),
            DockerVersion = Told(info.ServerVersion ?? (await engine.GetVersionAsync(ct)).Version, 50),
            DaemonStartedAt = await DaemonStartAsync(engine, ct),
            TotalMemory = info.MemTotal > 0 ? info.MemTotal : null,
            NumCpus = info.Ncpu > 0 ? info.Ncpu : null,
            HostIps = addresses.Count > 0 ? addresses : null,
            HostIp = addresses.Count > 0 ? addresses[0] : null,
        });
    }

    /// <summary>The register frame for a described host.</summary>
    public static RegisterRequest Build(HostDescription host, AgentOptions options, string token, string version, IReadOnlyDictionary<string, bool> capabilities) => new()
    {
        Token = token,
        EngineId = host.EngineId,
        Hostname = host.System.Hostname!,
        HostnameSource = host.System.HostnameSource,
        ForceUniqueRegistration = options.ForceUniqueRegistration,
        Version = version,
        ProtoVersion = ProtocolLimits.ProtocolVersion,
        Capabilities = capabilities,
        AgentOs = host.System.AgentOs,
        AgentArch = host.System.AgentArch,
        OsType = host.System.OsType,
        OsVersion = host.System.OsVersion,
        KernelVersion = host.System.KernelVersion,
        DockerVersion = host.System.DockerVersion,
        DaemonStartedAt = host.System.DaemonStartedAt,
        TotalMemory = host.System.TotalMemory,
        NumCpus = host.System.NumCpus,
        HostIps = host.System.HostIps,
        HostIp = host.System.HostIp,
    };

    /// <summary>The first name that is there: configured, the daemon's, the operating system's, a piece of the engine's id.</summary>
    public static (string Name, string Source) ChooseName(string? configured, string? daemon, string? os, string engineId) =>
        Told(configured, 255) is { } agent ? (agent, HostnameSources.AgentName)
        : Told(daemon, 255) is { } engine ? (engine, HostnameSources.Daemon)
        : Told(os, 255) is { } system ? (system, HostnameSources.Os)
        : (engineId[..Math.Min(12, engineId.Length)], HostnameSources.EngineId);

    // A value over its limit would cost the whole registration; a shorter one costs nothing.
    private static string? Told(string? value, int limit) => string.IsNullOrWhiteSpace(value) ? null : value.Length > limit ? value[..limit] : value;

    private static async Task<string?> DaemonStartAsync(EngineClient engine, CancellationToken ct)
    {
        try
        {
            using var network = JsonDocument.Parse(await engine.InspectNetworkRawAsync("bridge", ct));
            return network.RootElement.TryGetProperty("Created", out var created) ? Told(created.GetString(), 100) : null;
        }
        catch (EngineException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null; // Podman, or a daemon without its default bridge.
        }
    }
}
