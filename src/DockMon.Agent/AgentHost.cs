using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Compose;
using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Commands.Files;
using DockMon.Agent.Commands.Images;
using DockMon.Agent.Commands.Networks;
using DockMon.Agent.Commands.Update;
using DockMon.Agent.Commands.Volumes;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection;
using DockMon.Agent.Hosting;
using DockMon.Agent.Streams;
using DockMon.Agent.Streams.HealthChecks;
using DockMon.Agent.Streams.HostMetrics;
using DockMon.Agent.Streams.Shells;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent;

/// <summary>The whole agent: the one place where its parts are put together.</summary>
internal sealed class AgentHost(AgentOptions options, ILoggerFactory loggers, TimeProvider time)
{
    private volatile SelfContainer? _self;
    private volatile bool _selfKnown;

    /// <summary>Runs until <paramref name="stopping"/> fires and everything has come to its end.</summary>
    /// <exception cref="ConfigurationException">Something it needs is missing or refused; the message says what to do.</exception>
    public async Task RunAsync(CancellationToken stopping)
    {
        var logger = loggers.CreateLogger<AgentHost>();
        var tokens = new TokenStore(options.DataPath);
        // Before the one-time token is spent: without a place for the permanent one, the next start would be locked out.
        tokens.EnsureWritable();
        if (options.RegistrationToken is null && options.PermanentToken is null && tokens.ReadPermanentToken() is null)
        {
            throw new ConfigurationException($"REGISTRATION_TOKEN is not set and {options.DataPath} holds no permanent token: make a registration token on the server (Settings, Hosts, Add host, Agent) and set it");
        }

        using var engine = new EngineClient(EngineEndpoint.FromEnvironment(options.DockerHost, options.DockerCertPath, options.DockerTlsVerify), time);
        using var dialer = new Dialer(options);
        using var lanes = new Lanes();
        var random = Random.Shared;
        var outbound = new Outbound(new Outbox(options.DataPath), time, loggers.CreateLogger<Outbound>());
        var statsLink = new StatsLink(options, dialer, random, time, loggers.CreateLogger<StatsLink>());
        var tracker = new ContainerTracker();
        var listing = new ContainerListing(engine);
        var deployments = new Deployments(options, engine, () => _self, lanes, outbound, time, loggers.CreateLogger<Deployments>());
        await deployments.DetectAsync(stopping);
        var messages = new Dictionary<string, Action<JsonElement>>(StringComparer.Ordinal);
        var shells = new Shells(engine, outbound, time, loggers.CreateLogger<Shells>());
        messages[FrameTypes.ShellSession] = shells.Take;
        outbound.ResumeCompletions();
        using var updates = Updates(engine, lanes, outbound, random);
        var (commands, operations) = Routes(engine, outbound, listing, updates, deployments);
        using var router = new CommandRouter(commands, operations, messages, lanes, outbound, time, loggers.CreateLogger<CommandRouter>());
        var events = new EventStream(engine, tracker, listing, outbound, random, time, loggers.CreateLogger<EventStream>());
        var stats = new StatsCollector(engine, tracker, outbound, statsLink, time, loggers.CreateLogger<StatsCollector>());
        var link = new ServerLink(options, dialer, tokens, (token, ct) => DescribeAsync(engine, deployments, token, ct), outbound, random, time, loggers.CreateLogger<ServerLink>());
        link.Registered += statsLink.UseToken;
        link.Disconnected += shells.ConnectionLost;
        using var checker = new HealthChecker(time, loggers.CreateLogger<HealthChecker>());
        var checks = new HealthCheckRunner(checker.CheckAsync, () => link.IsConnected, outbound, time, loggers.CreateLogger<HealthCheckRunner>());
        checks.AddTo(messages);
        var host = new HostSampler(() => _selfKnown ? _self is not null : null, () => link.IsConnected, outbound, time, loggers.CreateLogger<HostSampler>());

        Log.Starting(logger, AgentVersion.Current, options.ServerUrl.ToString(), options.DataPath);
        if (options.InsecureSkipVerify)
        {
            Connection.Log.Insecure(loggers.CreateLogger<ServerLink>());
        }

        using var streams = new CancellationTokenSource();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var stopUpdates = ending.Token.Register(updates.Stop);
        updates.Recover();
        Task[] parts =
        [
            link.RunAsync(router.Dispatch, () => Task.WhenAll(router.FinishAsync(options.ShutdownTimeout), shells.FinishAsync(options.ShutdownTimeout)), ending.Token),
            events.RunAsync(streams.Token),
            stats.RunAsync(streams.Token),
            statsLink.RunAsync(streams.Token),
            checks.RunAsync(streams.Token),
            host.RunAsync(streams.Token),
        ];

        // None of them ends by itself. One that does has failed, and an agent without it would only look alive: the others end, too.
        await Task.WhenAny(parts);
        await ending.CancelAsync();
        // Without a connection to say goodbye on, operations that run still have their time.
        await router.FinishAsync(options.ShutdownTimeout);
        await streams.CancelAsync();
        await Task.WhenAll(parts);
        Log.Stopped(logger);
    }

    private (Dictionary<string, Route> Commands, Dictionary<string, Route> Operations) Routes(
        EngineClient engine, Outbound outbound, ContainerListing listing, UpdateCommand updates, Deployments deployments)
    {
        var operations = new Dictionary<string, Route>(StringComparer.Ordinal);
        var commands = new Dictionary<string, Route>(StringComparer.Ordinal)
        {
            [CommandNames.GetSystemInfo] = new("get system information", Lane: null, async (_, ct) =>
                JsonSerializer.SerializeToUtf8Bytes((await HostIdentity.DescribeAsync(engine, options, _self, ct)).System, ProtocolJson.Default.SystemInformation)),
        };
        listing.AddTo(commands);
        updates.AddTo(commands);
        deployments.AddTo(commands);
        new ComposeScan(time).AddTo(commands);
        new ImageCommands(engine).AddTo(commands);
        new NetworkCommands(engine).AddTo(commands, operations);
        new VolumeCommands(engine).AddTo(commands, operations);
        new ContainerOperations(engine, () => _self).AddTo(operations);
        new DeploymentOperations(engine, outbound, time).AddTo(operations);
        return (commands, operations);
    }

    private UpdateCommand Updates(EngineClient engine, Lanes lanes, Outbound outbound, Random random)
    {
        var store = new UpdateStore(options.DataPath);
        var report = new UpdateReporter(outbound, time);
        var updater = new ContainerUpdater(engine, store, report, random, time, loggers.CreateLogger<ContainerUpdater>());
        return new UpdateCommand(engine, updater, store, report, lanes, () => _self, time, loggers.CreateLogger<UpdateCommand>());
    }

    private async Task<RegisterRequest> DescribeAsync(EngineClient engine, Deployments deployments, string token, CancellationToken ct)
    {
        if (!_selfKnown)
        {
            _self = await SelfContainer.DetectAsync(engine, "/proc", Environment.GetEnvironmentVariable("HOSTNAME"), loggers.CreateLogger<SelfContainer>(), ct);
            _selfKnown = true;
        }

        // A capability is what this build does, not what it will do.
        var capabilities = new Dictionary<string, bool>(StringComparer.Ordinal)
        {
            [Capabilities.ContainerOperations] = true,
            [Capabilities.ContainerUpdates] = true,
            [Capabilities.EventStreaming] = true,
            [Capabilities.StatsCollection] = true,
            [Capabilities.SelfUpdate] = false,
            [Capabilities.ComposeDeployments] = deployments.Available,
            [Capabilities.ShellAccess] = true,
            [Capabilities.MultiEnvFiles] = deployments.Available,
        };
        return HostIdentity.Build(await HostIdentity.DescribeAsync(engine, options, _self, ct), options, token, AgentVersion.Current, capabilities);
    }
}
