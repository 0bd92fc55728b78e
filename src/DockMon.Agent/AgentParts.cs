using DockMon.Agent.Audit;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Repeats;
using DockMon.Agent.Compose.Deploy;
using DockMon.Agent.Compose.Discovery;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection;
using DockMon.Agent.Connection.Dialing;
using DockMon.Agent.Delivery;
using DockMon.Agent.Health;
using DockMon.Agent.Hosting;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Create;
using DockMon.Agent.SelfUpdate;
using DockMon.Agent.Storage;
using DockMon.Agent.Streams;
using DockMon.Agent.Streams.Events;
using DockMon.Agent.Streams.HealthChecks;
using DockMon.Agent.Streams.Logs;
using DockMon.Agent.Streams.Shells;
using DockMon.Agent.Update;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent;

/// <summary>The subsystems of the agent, created once and joined to each other.</summary>
internal sealed class AgentParts : IDisposable
{
    private readonly ConnectionState _connection = new();
    private readonly HealthChecker _checker;
    private readonly EngineProbe _probe;
    private readonly RepeatedRequests _repeats;
    private readonly FrameDispatcher _frames;

    public AgentParts(AgentOptions options, ILoggerFactory loggers, TimeProvider time)
    {
        // Engine, lanes and updates live as long as the process: an update that is left to the next start must not fail on the way out for lack of them.
        var engine = new EngineClient(EngineEndpoint.FromEnvironment(options.DockerHost, options.DockerCertPath, options.DockerTlsVerify), time);
        Policy = new PolicySystem(options, engine, loggers, time);
        Audit = AuditLog.Create(options, time, loggers.CreateLogger<AuditLog>());
        var context = new AgentContext(options, loggers, time, Random.Shared) { Policies = Policy.Source, Audit = Audit, Hidden = Policy.Hidden };
        var tokens = TokenStore.Open(options, context.CreateLogger<TokenStore>());
        var cut = new TruncationReport(context.CreateLogger<TruncationReport>());
        engine.Exceeded = cut.Report;

        var lanes = new Lanes(time);
        var requestAudit = new RequestAudit(Audit, engine);
        var gate = new RequestGate(context, Policy.Facts, requestAudit);
        Outbound = new Outbound(new Outbox(options.DataPath), time, context.CreateLogger<Outbound>());
        PolicyReport.Follow(Policy.Source, _connection, Outbound, time);
        Own = OwnContainer.Create(context, engine);
        var creates = new CreateGate(context, engine, Own);

        Compose = new ComposeDeployer(context, engine, Own, creates, lanes, Outbound);
        Docker = new DockerCommands(context, engine, Own, creates, lanes, Outbound);
        Updates = new Updates(context, engine, Own, gate, creates, lanes, Outbound);
        SelfUpdates = new SelfUpdates(context, engine, Own, lanes, Outbound, _connection);
        Shells = new ShellManager(engine, gate, Outbound, requestAudit, time, context.CreateLogger<ShellManager>());
        Events = new ContainerEvents(context, engine, Outbound, Docker.Listing);
        Logs = new LogStreams(engine, gate, Events.Tracker, Outbound, time, context.CreateLogger<LogStreams>());
        _checker = new HealthChecker(time, context.CreateLogger<HealthChecker>());
        Checks = new HealthCheckRunner(_checker.CheckAsync, Policy.Source, gate, _connection, Outbound, time, context.CreateLogger<HealthCheckRunner>());
        Registration = new HostRegistration(context, engine, Own, Compose);
        var dialer = new Dialer(options);
        Sampling = new Sampling(context, engine, Events.Tracker, Registration, dialer, _connection, Outbound);
        _probe = new EngineProbe(engine, time);
        Health = new HealthEndpoint(context, _probe, cut, lanes);
        Service = new ServiceManager(Environment.GetEnvironmentVariable, time, context.CreateLogger<ServiceManager>());
        Trimmer = new MemoryTrimmer(time, context.CreateLogger<MemoryTrimmer>());

        _repeats = new RepeatedRequests(options.DataPath, _connection, context.CreateLogger<RepeatedRequests>());
        Requests = new RequestRunner(lanes, Outbound, _connection, gate, time, context.CreateLogger<RequestRunner>(), context.Loops.Commands)
        {
            Repeats = _repeats,
        };
        var scan = new ComposeScan(Policy.Source, time);
        var routes = Routes.Of(
            Registration.AddTo, Docker.AddTo, Updates.AddTo, SelfUpdates.AddTo, Compose.AddTo, scan.AddTo, Shells.AddTo, Logs.AddTo, Checks.AddTo);
        _frames = new FrameDispatcher(routes, Requests, context.CreateLogger<FrameDispatcher>());
        Link = new ServerLink(context, dialer, tokens, Registration.DescribeAsync, Outbound, _connection);

        _connection.Connected += _ => Trimmer.MarkActivity();
        _connection.Disconnected += Shells.ConnectionLost;
        _connection.Disconnected += Logs.ConnectionLost;
        lanes.Idle += Trimmer.MarkActivity;
        Service.Follow(_connection, options.ServerUrl);
    }

    public PolicySystem Policy { get; }

    public AuditLog Audit { get; }

    public Outbound Outbound { get; }

    public OwnContainer Own { get; }

    public ComposeDeployer Compose { get; }

    public DockerCommands Docker { get; }

    public Updates Updates { get; }

    public SelfUpdates SelfUpdates { get; }

    public ShellManager Shells { get; }

    public ContainerEvents Events { get; }

    public LogStreams Logs { get; }

    public HealthCheckRunner Checks { get; }

    public HostRegistration Registration { get; }

    public Sampling Sampling { get; }

    public HealthEndpoint Health { get; }

    public ServiceManager Service { get; }

    public MemoryTrimmer Trimmer { get; }

    public RequestRunner Requests { get; }

    public ServerLink Link { get; }

    /// <summary>Begins with everything. None of the tasks ends before its token fires, unless it fails.</summary>
    /// <param name="finish">How long what was asked for has to end before the connection is closed.</param>
    /// <param name="ending">Ends the connection.</param>
    /// <param name="streams">Ends the rest.</param>
    public Task[] Start(TimeSpan finish, CancellationToken ending, CancellationToken streams) =>
    [
        Link.RunAsync(
            _frames.Dispatch,
            () => Task.WhenAll(Requests.FinishAsync(finish), Shells.FinishAsync(finish), Logs.FinishAsync(finish)),
            ending),
        .. Events.Start(streams),
        .. Sampling.Start(streams),
        Checks.RunAsync(streams),
        Own.RunAsync(streams),
        Policy.RunAsync(ApplyAsync, streams),
        Health.RunAsync(streams),
        Service.RunAsync(streams),
        Trimmer.RunAsync(streams),
    ];

    public void Dispose()
    {
        Requests.Dispose();
        _repeats.Dispose();
        Service.Dispose();
        _probe.Dispose();
        Sampling.Dispose();
        Checks.Dispose();
        _checker.Dispose();
        SelfUpdates.Dispose();
        Policy.Dispose();
    }

    /// <summary>Ends what another policy forbids, and registers again where the server has to be told of other capabilities.</summary>
    private async Task ApplyAsync(HostPolicy before, CancellationToken ct)
    {
        await Shells.RecheckAsync(ct);
        await Logs.RecheckAsync(ct);
        await Checks.RecheckAsync();
        if (Registration.IsChangedSince(before))
        {
            Link.Renew();
        }
    }
}
