using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Configuration;
using DockMon.Agent.Linux;
using DockMon.Agent.SelfUpdate;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Hosting;

/// <summary>What the server is told of the host, when the agent registers and when it asks.</summary>
internal sealed class HostRegistration(AgentOptions options, EngineClient engine, OwnContainer own, bool hasCompose)
{
    private volatile HostDescription? _described;

    /// <summary>The container that the agent runs in.</summary>
    public OwnContainer Own => own;

    /// <summary>
    /// What is known of the machine that the agent sees; null before the first registration. A container that was recognised later is the host's all the same.
    /// </summary>
    public HostSight? Sight =>
        own.IsKnown && _described is { } described ? new HostSight(own.Current is not null, own.Current is null ? described.Elsewhere : null) : null;

    /// <summary>What this agent can do.</summary>
    /// <param name="options">The options.</param>
    /// <param name="isContainer">Whether it runs in a container.</param>
    /// <param name="hasCompose">Whether there is docker compose.</param>
    public static Dictionary<string, bool> CapabilitiesOf(AgentOptions options, bool isContainer, bool hasCompose) => new(StringComparer.Ordinal)
    {
        // A capability is what this build does, not what it will do. Of what needs another program, one says whether that is there: without
        // compose a server that is told of no multi_env_files either takes the agent for an old one, and says so to its users.
        [Capabilities.ContainerOperations] = true,
        [Capabilities.ContainerUpdates] = true,
        [Capabilities.EventStreaming] = true,
        [Capabilities.StatsCollection] = options.StatsInterval > TimeSpan.Zero,
        [Capabilities.SelfUpdate] = isContainer && ProgramTrust.Of(options).FindRefusal() is null,
        [Capabilities.ComposeDeployments] = hasCompose,
        [Capabilities.ShellAccess] = true,
        [Capabilities.MultiEnvFiles] = true,
        [Capabilities.ExtendedHostStats] = true,
    };

    public void AddTo(Routes routes) => routes.Commands[CommandNames.GetSystemInfo] = new Route("get system information", lane: null, async (_, ct) =>
    {
        var described = await HostIdentity.DescribeAsync(engine, options, own.Current, ct);
        return JsonSerializer.SerializeToUtf8Bytes(described.System, ProtocolJson.Default.SystemInformation);
    });

    /// <summary>The register frame, of what the engine says now.</summary>
    /// <exception cref="EngineException">The engine does not say.</exception>
    public async Task<RegisterRequest> DescribeAsync(string token, CancellationToken ct)
    {
        await own.LookAsync(ct);
        var described = await HostIdentity.DescribeAsync(engine, options, own.Current, ct);
        _described = described;
        var isContainer = own.IsKnown ? own.Current is not null : Machine.Current.InContainer;
        return HostIdentity.Build(described, options, token, AgentVersion.Current, CapabilitiesOf(options, isContainer, hasCompose));
    }
}
