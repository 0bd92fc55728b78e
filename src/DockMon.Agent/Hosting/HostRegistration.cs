using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Compose.Deploy;
using DockMon.Agent.Configuration;
using DockMon.Agent.Linux;
using DockMon.Agent.Policies;
using DockMon.Agent.SelfUpdate.Programs;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Hosting;

/// <summary>What the server is told of the host, when the agent registers and when it asks.</summary>
internal sealed class HostRegistration(AgentContext context, EngineClient engine, OwnContainer own, ComposeDeployer compose)
{
    private readonly AgentOptions _options = context.Options;
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
    /// <param name="policy">What the server may do.</param>
    /// <param name="isContainer">Whether it runs in a container.</param>
    /// <param name="hasCompose">Whether there is docker compose.</param>
    public static Dictionary<string, bool> CapabilitiesOf(AgentOptions options, HostPolicy policy, bool isContainer, bool hasCompose) => new()
    {
        // Whatever the policy says: a server that is told of none may not ask for lists and logs either.
        [Capabilities.ContainerOperations] = true,
        // A capability is what this build does, not what it will do. Of what needs another program, one says whether that is there: without
        // compose a server that is told of no multi_env_files either takes the agent for an old one, and says so to its users.
        [Capabilities.ContainerUpdates] = policy.MayPermit(CommandNames.UpdateContainer),
        [Capabilities.EventStreaming] = policy.Permits(HostActions.Events),
        [Capabilities.StatsCollection] = options.StatsInterval > TimeSpan.Zero && policy.Permits(HostActions.Stats),
        [Capabilities.SelfUpdate] = isContainer && ProgramTrust.Of(options).FindRefusal() is null && policy.Permits(CommandNames.SelfUpdate),
        [Capabilities.ComposeDeployments] = hasCompose && policy.Permits(CommandNames.DeployCompose),
        [Capabilities.ShellAccess] = policy.MayPermit(HostActions.Shell),
        [Capabilities.MultiEnvFiles] = true,
        [ExtensionNames.ExtendedHostStats] = true,
        [ExtensionNames.CommandIds] = true,
        [ExtensionNames.ImageCheck] = policy.Permits(CommandNames.ImageCheck),
        [ExtensionNames.Policy] = true,
        [ExtensionNames.StatsBackfill] = policy.Permits(HostActions.Stats),
        [ExtensionNames.LogStream] = policy.MayPermit(OperationActions.GetLogs),
    };

    public void AddTo(Routes routes) => routes.Commands[CommandNames.GetSystemInfo] = new Route("get system information", lane: null, async (_, ct) =>
    {
        var described = await HostIdentity.DescribeAsync(engine, _options, own.Current, ct);
        return JsonSerializer.SerializeToUtf8Bytes(described.System, ProtocolJson.Default.SystemInformation);
    });

    /// <summary>The register frame, of what the engine says now.</summary>
    /// <exception cref="EngineException">The engine does not say.</exception>
    public async Task<RegisterRequest> DescribeAsync(string token, CancellationToken ct)
    {
        await own.LookAsync(ct);
        var described = await HostIdentity.DescribeAsync(engine, _options, own.Current, ct);
        _described = described;
        var isContainer = own.IsKnown ? own.Current is not null : Machine.Current.InContainer;
        var capabilities = CapabilitiesOf(_options, context.Policies.Current, isContainer, compose.Available);
        return HostIdentity.Build(described, _options, token, AgentVersion.Current, capabilities);
    }

    /// <summary>Whether the server would be told of other capabilities than under another policy.</summary>
    public bool IsChangedSince(HostPolicy before) =>
        CapabilitiesOf(_options, before, true, compose.Available).Except(CapabilitiesOf(_options, context.Policies.Current, true, compose.Available)).Any();
}
