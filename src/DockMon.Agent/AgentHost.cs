using System.ComponentModel;
using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Commands.Images;
using DockMon.Agent.Commands.Networks;
using DockMon.Agent.Commands.Volumes;
using DockMon.Agent.Compose.Deploy;
using DockMon.Agent.Compose.Discovery;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Agent.Health;
using DockMon.Agent.Hosting;
using DockMon.Agent.Linux;
using DockMon.Agent.SelfUpdate;
using DockMon.Agent.Storage;
using DockMon.Agent.Streams;
using DockMon.Agent.Streams.Events;
using DockMon.Agent.Streams.HealthChecks;
using DockMon.Agent.Streams.HostMetrics;
using DockMon.Agent.Streams.Shells;
using DockMon.Agent.Streams.Stats;
using DockMon.Agent.Streams.Stats.Kernel;
using DockMon.Agent.Update;
using DockMon.Agent.Update.Journal;
using DockMon.Agent.Update.Steps;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent;

/// <summary>The whole agent: the one place where its parts are put together.</summary>
internal sealed partial class AgentHost(AgentOptions options, ILoggerFactory loggers, TimeProvider time)
{
    private volatile HostDescription? _described;

    /// <summary>Runs until <paramref name="stopping"/> fires and everything has come to its end.</summary>
    /// <exception cref="ConfigurationException">Something it needs is missing or refused; the message says what to do.</exception>
    public async Task RunAsync(CancellationToken stopping)
    {
        var logger = loggers.CreateLogger<AgentHost>();
        var tokens = new TokenStore(options.DataPath);
        var isKnown = (options.PermanentToken ?? tokens.ReadPermanentToken()) is not null;
        try
        {
            tokens.EnsureWritable();
        }
        catch (ConfigurationException e) when (isKnown)
        {
            // A host whose disk is full needs its agent more than ever. Without a permanent token there is no going on: the one-time token would be spent for nothing.
            Log.DataReadOnly(logger, e.Message);
        }

        if (options.RegistrationToken is null && !isKnown)
        {
            throw new ConfigurationException(new(
                "REGISTRATION_TOKEN",
                $"REGISTRATION_TOKEN is not set and {options.DataPath} holds no permanent token",
                "make a registration token on the server (Settings, Hosts, Add host, Agent) and set it"));
        }

        // These three live as long as the process: an update that is left to the next start must not fail on the way out because its engine went away under it.
        var engine = new EngineClient(EngineEndpoint.FromEnvironment(options.DockerHost, options.DockerCertPath, options.DockerTlsVerify), time);
        var cut = new TruncationReport(loggers.CreateLogger<TruncationReport>());
        engine.Exceeded = cut.Report;
        var lanes = new Lanes(time);
        using var dialer = new Dialer(options);
        using var pulse = new EngineProbe(engine, time);
        var heartbeats = new AgentLoops(time);
        var random = Random.Shared;
        var outbound = new Outbound(new Outbox(options.DataPath), time, loggers.CreateLogger<Outbound>());
        var statsLink = new StatsLink(options, dialer, random, time, loggers.CreateLogger<StatsLink>());
        var tracker = new ContainerTracker();
        var listing = new ContainerListing(engine, loggers.CreateLogger<ContainerListing>());
        var own = new OwnContainer(
            engine,
            ct => SelfContainer.DetectAsync(engine, Machine.Current, Environment.GetEnvironmentVariable("HOSTNAME"), loggers.CreateLogger<SelfContainer>(), ct),
            time,
            loggers.CreateLogger<OwnContainer>());
        var deployments = new ComposeDeployer(options, engine, own, lanes, outbound, time, loggers.CreateLogger<ComposeDeployer>());
        await deployments.DetectAsync(stopping);
        var creator = new ContainerCreator(engine, options.DataPath, time, loggers.CreateLogger<ContainerCreator>());
        var shells = new ShellManager(engine, outbound, time, loggers.CreateLogger<ShellManager>());
        outbound.ResumeCompletions();
        var (update, updates) = Updates(engine, own, lanes, outbound, random);
        using var handOver = new CancellationTokenSource();
        var programs = new SelfUpdateStore(options.DataPath);
        var selfReport = new SelfUpdateReporter(outbound, time);
        using var selfUpdate = new SelfUpdateCommand(engine, options, programs, selfReport, lanes, own, handOver.Cancel, time, loggers.CreateLogger<SelfUpdateCommand>());
        var connection = new ConnectionState();
        var routes = CreateRoutes(engine, own, outbound, listing, update, deployments, creator);
        selfUpdate.AddTo(routes);
        shells.AddTo(routes);
        using var requests = new RequestRunner(lanes, outbound, connection, time, loggers.CreateLogger<RequestRunner>(), heartbeats.Commands);
        var frames = new FrameDispatcher(routes, requests, loggers.CreateLogger<FrameDispatcher>());
        var known = new KnownContainerStore(options.DataPath, tracker, time, loggers.CreateLogger<KnownContainerStore>());
        var teller = new EventReporter(tracker, outbound, time);
        var comparison = new EventComparison(engine, tracker, teller, known, time, loggers.CreateLogger<EventComparison>());
        var events = new EventStream(engine, comparison, teller, known, listing, random, time, loggers.CreateLogger<EventStream>(), heartbeats.Events);
        var link = new ServerLink(options, dialer, tokens, (token, ct) => DescribeAsync(engine, own, deployments, token, ct), outbound, connection, random, time, loggers.CreateLogger<ServerLink>(), heartbeats);
        using var kernel = new KernelSource();
        var stats = new StatsSampler(
            options, engine, tracker, kernel, own, new SampleSender(outbound, statsLink, connection, time), time, loggers.CreateLogger<StatsSampler>());
        connection.Disconnected += shells.ConnectionLost;
        using var manager = new ServiceManager(Environment.GetEnvironmentVariable, time, loggers.CreateLogger<ServiceManager>());
        connection.Connected += _ => manager.Status($"Connected to {options.ServerUrl}");
        connection.Disconnected += () => manager.Status($"Not connected to {options.ServerUrl}");
        using var checker = new HealthChecker(time, loggers.CreateLogger<HealthChecker>());
        var checks = new HealthCheckRunner(checker.CheckAsync, connection, outbound, time, loggers.CreateLogger<HealthCheckRunner>());
        checks.AddTo(routes);
        var host = new HostSampler(connection, outbound, time, loggers.CreateLogger<HostSampler>());
        var sampling = new SamplingLoop(options.StatsInterval > TimeSpan.Zero ? stats : null, host, heartbeats.Timer, time);
        connection.Connected += auth =>
        {
            statsLink.UseToken(auth.PermanentToken);
            host.Sight = Sight(own);
            host.IsExtended = auth.ExtendedHostStats ?? false;
            sampling.Wake();
        };
        statsLink.Opened += sampling.Wake;
        own.Found += () =>
        {
            host.Sight = Sight(own);
            sampling.Wake();
        };
        var footprint = new MemoryTrimmer(time, logger);
        lanes.Idle += footprint.MarkActivity;
        connection.Connected += _ => footprint.MarkActivity();
        var health = new HealthEndpoint(options.DataPath, heartbeats, pulse, time, loggers.CreateLogger<HealthEndpoint>(), cut, lanes);

        Log.Starting(logger, AgentVersion.Current, options.ServerUrl.ToString(), options.DataPath);
        if (options.InsecureSkipVerify)
        {
            Log.Insecure(loggers.CreateLogger<ServerLink>());
        }

        using var streams = new CancellationTokenSource();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping, handOver.Token);
        // Not for a hand-over: systemd takes nothing back, and would end the new version after its stop time-out.
        using var sayStopping = stopping.Register(manager.Stopping);
        using var stopUpdates = ending.Token.Register(updates.Stop);
        using var stopSelfUpdate = ending.Token.Register(selfUpdate.Stop);
        updates.Recover();
        deployments.Recover(ending.Token);
        lanes.Post(ProvisioningOperations.CreateLane, () => creator.RecoverAsync(ending.Token));
        Task[] parts =
        [
            link.RunAsync(frames.Dispatch, () => Task.WhenAll(requests.FinishAsync(options.ShutdownTimeout), shells.FinishAsync(options.ShutdownTimeout)), ending.Token),
            events.RunAsync(streams.Token),
            known.RunAsync(streams.Token),
            statsLink.RunAsync(streams.Token),
            checks.RunAsync(streams.Token),
            sampling.RunAsync(streams.Token),
            own.RunAsync(streams.Token),
            health.RunAsync(streams.Token),
            manager.RunAsync(streams.Token),
            footprint.RunAsync(streams.Token),
        ];
        var trial = TryOutAsync(new TrialWatch(programs, connection, selfReport, time, logger), selfUpdate, handOver, logger, streams.Token);
        manager.Ready();

        // None of them ends by itself. One that does has failed, and an agent without it would only look alive: the others end, too.
        await Task.WhenAny(parts);
        await ending.CancelAsync();
        // Without a connection to say goodbye on, operations that run still have their time.
        await requests.FinishAsync(options.ShutdownTimeout);
        await updates.WhenEndedAsync(RequestRunner.Grace);
        await selfUpdate.WhenEndedAsync(RequestRunner.Grace);
        await streams.CancelAsync();
        await Task.WhenAll(parts);
        var goBack = await trial;
        Log.Stopped(logger);
        if (stopping.IsCancellationRequested)
        {
            return;
        }

        try
        {
            selfUpdate.ExecuteNewProgram();
        }
        catch (Exception e) when (e is CommandException or IOException or Win32Exception)
        {
            // There may be nobody who would start this process again: it goes on as what it was started as.
            AgentLog.CannotLaunch(logger, e.Message);
            goBack = true;
        }

        if (goBack)
        {
            Launcher.Execute(Launcher.BasePath, program: null);
        }
    }

    /// <summary>Ends what a self-update began: by this version, or by an earlier one that was killed.</summary>
    /// <returns>Whether the version before this one is to take over.</returns>
    private static async Task<bool> TryOutAsync(TrialWatch watch, SelfUpdateCommand selfUpdate, CancellationTokenSource handOver, ILogger logger, CancellationToken ct)
    {
        try
        {
            if (await watch.RunAsync(ct))
            {
                await handOver.CancelAsync();
                return true;
            }

            await selfUpdate.RemoveLeftoversAsync(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The agent stops.
        }
        catch (Exception e) when (e is CommandException or EngineException or JsonException or IOException or UnauthorizedAccessException)
        {
            Log.SelfUpdateUnfinished(logger, e.Message);
        }

        return false;
    }

    private Routes CreateRoutes(
        EngineClient engine, OwnContainer own, Outbound outbound, ContainerListing listing, UpdateCommand update, ComposeDeployer deployments, ContainerCreator creator)
    {
        var routes = new Routes();
        routes.Commands[CommandNames.GetSystemInfo] = new("get system information", lane: null, async (_, ct) =>
            JsonSerializer.SerializeToUtf8Bytes((await HostIdentity.DescribeAsync(engine, options, own.Current, ct)).System, ProtocolJson.Default.SystemInformation));
        listing.AddTo(routes);
        update.AddTo(routes);
        deployments.AddTo(routes);
        new ComposeScan(time).AddTo(routes);
        new ImageCommands(engine).AddTo(routes);
        new NetworkCommands(engine, own).AddTo(routes);
        new VolumeCommands(engine).AddTo(routes);
        new ContainerOperations(engine, own).AddTo(routes);
        new ProvisioningOperations(engine, creator, outbound, time).AddTo(routes);
        return routes;
    }

    private (UpdateCommand Command, UpdateQueue Queue) Updates(EngineClient engine, OwnContainer own, Lanes lanes, Outbound outbound, Random random)
    {
        var store = new UpdateStore(options.DataPath, time, loggers.CreateLogger<UpdateStore>());
        var report = new UpdateReporter(outbound, time);
        var updater = new ContainerUpdater(engine, store, report, lanes, new RestartDetector(engine, () => Machine.Current.BootId), random, time, loggers.CreateLogger<ContainerUpdater>());
        var queue = new UpdateQueue(updater, store, report, lanes, time, loggers.CreateLogger<UpdateQueue>());
        return (new UpdateCommand(engine, updater, queue, report, own, time, loggers.CreateLogger<UpdateCommand>()), queue);
    }

    /// <summary>What is known of the machine that the agent sees; null before the first registration. A container that was recognised later is the host's all the same.</summary>
    private HostSight? Sight(OwnContainer own) =>
        own.IsKnown && _described is { } described ? new HostSight(own.Current is not null, own.Current is null ? described.Elsewhere : null) : null;

    private async Task<RegisterRequest> DescribeAsync(EngineClient engine, OwnContainer own, ComposeDeployer deployments, string token, CancellationToken ct)
    {
        await own.LookAsync(ct);
        _described = await HostIdentity.DescribeAsync(engine, options, own.Current, ct);

        var isContainer = own.IsKnown ? own.Current is not null : Machine.Current.InContainer;
        return HostIdentity.Build(_described, options, token, AgentVersion.Current, CapabilitiesOf(options, isContainer, hasCompose: deployments.Available));
    }

    // A capability is what this build does, not what it will do. Of what needs another program, one says whether that is there: without
    // compose a server that is told of no multi_env_files either takes the agent for an old one, and says so to its users.
    internal static Dictionary<string, bool> CapabilitiesOf(AgentOptions options, bool isContainer, bool hasCompose) => new(StringComparer.Ordinal)
    {
        [Capabilities.ContainerOperations] = true,
        [Capabilities.ContainerUpdates] = true,
        [Capabilities.EventStreaming] = true,
        [Capabilities.StatsCollection] = options.StatsInterval > TimeSpan.Zero,
        [Capabilities.SelfUpdate] = isContainer,
        [Capabilities.ComposeDeployments] = hasCompose,
        [Capabilities.ShellAccess] = true,
        [Capabilities.MultiEnvFiles] = true,
        [Capabilities.ExtendedHostStats] = true,
    };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "dockmon-agent {Version} starts; server {Server}, data in {DataPath}")]
        public static partial void Starting(ILogger logger, string version, string server, string dataPath);

        [LoggerMessage(2, LogLevel.Information, "Stopped")]
        public static partial void Stopped(ILogger logger);

        [LoggerMessage(5, LogLevel.Warning, "What an earlier self-update left could not be cleared away: {Reason}")]
        public static partial void SelfUpdateUnfinished(ILogger logger, string reason);

        [LoggerMessage(7, LogLevel.Error, "{Problem}. The agent goes on, but updates no container and not itself, and what a broken connection swallows may be lost")]
        public static partial void DataReadOnly(ILogger logger, string problem);

        [LoggerMessage(115, LogLevel.Warning, ServerAddress.NotVerified)]
        public static partial void Insecure(ILogger logger);
    }
}
