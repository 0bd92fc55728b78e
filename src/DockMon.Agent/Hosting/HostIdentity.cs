using System.Runtime.InteropServices;
using DockMon.Agent.Configuration;
using DockMon.Agent.Linux;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Hosting;

/// <summary>Finds out who the host is.</summary>
internal static class HostIdentity
{
    /// <summary>Describes the host for an agent that knows its own container.</summary>
    public static Task<HostDescription> DescribeAsync(EngineClient engine, AgentOptions options, SelfContainer? self, CancellationToken ct) =>
        DescribeAsync(engine, options, self, Machine.Current, ct);

    /// <summary>Describes the host as seen from a machine.</summary>
    public static async Task<HostDescription> DescribeAsync(
        EngineClient engine, AgentOptions options, SelfContainer? self, Machine machine, CancellationToken ct)
    {
        var info = await engine.GetInfoAsync(ct);
        if (info.Id.Length == 0)
        {
            throw new EngineException("The engine does not tell its id (GET /info), by which the server would know this host");
        }

        var version = await AskAsync(async () => (await engine.GetVersionAsync(ct)).Version);
        var (hostname, source) = ChooseName(options.AgentName, info.Name, machine.Hostname, info.Id);
        var elsewhere = HostLocator.WhyElsewhere(info, engine.Endpoint, self, machine);
        var addresses = elsewhere is null ? Addresses(machine, self) : [];
        return new HostDescription
        {
            EngineId = info.Id,
            Hostname = hostname,
            HostnameSource = source,
            Elsewhere = elsewhere,
            System = new SystemInformation
            {
                Hostname = hostname,
                HostnameSource = source,
                AgentOs = "linux",
                AgentArch = Architecture(RuntimeInformation.ProcessArchitecture),
                OsType = Text(info.OsType, 50),
                OsVersion = Text(info.OperatingSystem, 500),
                KernelVersion = Text(info.KernelVersion, 255),
                DockerVersion = Text(version, 50) ?? Text(info.ServerVersion, 50),
                DaemonStartedAt = Text(await AskAsync(async () => (await engine.InspectNetworkAsync("bridge", ct)).Created), 100),
                TotalMemory = info.MemTotal > 0 ? info.MemTotal : null,
                NumCpus = info.Ncpu > 0 ? info.Ncpu : null,
                HostIps = addresses.Count > 0 ? addresses : null,
                HostIp = addresses.Count > 0 ? addresses[0] : null,
            },
        };
    }

    /// <summary>The addresses of the host, or none rather than those of a container.</summary>
    public static IReadOnlyList<string> Addresses(Machine machine, SelfContainer? self) => machine.Addresses(self?.HasHostNetwork ?? !machine.InContainer);

    /// <summary>The register frame, without the system values a server would refuse it for.</summary>
    public static RegisterRequest Build(
        HostDescription host, AgentOptions options, string token, string agentVersion, IReadOnlyDictionary<string, bool> capabilities) =>
        RegisterRepair.WithoutRefused(new RegisterRequest
        {
            Token = token,
            EngineId = host.EngineId,
            Hostname = host.Hostname,
            HostnameSource = host.HostnameSource,
            ForceUniqueRegistration = options.ForceUniqueRegistration,
            Version = agentVersion,
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
        });

    /// <summary>The first name there is: configured, the engine's, the operating system's, the beginning of the engine's id.</summary>
    public static (string Name, string Source) ChooseName(string? configured, string? daemon, string? os, string engineId) =>
        Text(configured, 255) is { } agent ? (agent, HostnameSources.AgentName)
        : Text(daemon, 255) is { } engine ? (engine, HostnameSources.Daemon)
        : Text(os, 255) is { } system ? (system, HostnameSources.Os)
        : (engineId[..Math.Min(12, engineId.Length)], HostnameSources.EngineId);

    /// <summary>The name Go has for a processor.</summary>
    public static string Architecture(Architecture architecture) => architecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        _ => architecture.ToString().ToLowerInvariant(),
    };

    // A value over its limit would cost the registration; a cut one costs nothing. Half of a surrogate pair is no character.
    private static string? Text(string? value, int limit) =>
        string.IsNullOrWhiteSpace(value) ? null
        : value.Length <= limit ? value
        : value[..(char.IsHighSurrogate(value[limit - 1]) ? limit - 1 : limit)];

    // What only decorates the registration is left out when the engine (no such network) or a proxy
    // before it (forbidden) refuses to tell, or tells something else.
    private static async Task<string?> AskAsync(Func<Task<string?>> ask)
    {
        try
        {
            return await ask();
        }
        catch (EngineException e) when (e.StatusCode is not null)
        {
            return null;
        }
    }
}
