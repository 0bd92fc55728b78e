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
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent;

/// <summary>The whole agent: creates the subsystems, runs them, and stops them in order.</summary>
internal sealed partial class AgentHost(AgentOptions options, ILoggerFactory loggers, TimeProvider time)
{
    /// <summary>Runs until <paramref name="stopping"/> fires and everything has come to its end.</summary>
    /// <exception cref="ConfigurationException">Something it needs is missing or refused; the message says what to do.</exception>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var only = DataLock.Take(options.DataPath);
        // Engine, lanes and updates live as long as the process: an update that is left to the next start must not fail on the way out for lack of them.
        var engine = new EngineClient(EngineEndpoint.FromEnvironment(options.DockerHost, options.DockerCertPath, options.DockerTlsVerify), time);
        using var policy = new PolicySystem(options, engine, loggers, time);
        var audit = AuditLog.Create(options, time, loggers.CreateLogger<AuditLog>());
        var context = new AgentContext(options, loggers, time, Random.Shared) { Policies = policy.Source, Audit = audit, Hidden = policy.Hidden };
        var logger = context.CreateLogger<AgentHost>();
        var tokens = OpenTokens(logger);
        var cut = new TruncationReport(context.CreateLogger<TruncationReport>());
        engine.Exceeded = cut.Report;
        var lanes = new Lanes(time);
        var requestAudit = new RequestAudit(audit, engine);
        var gate = new RequestGate(context, policy.Facts, requestAudit);
        var connection = new ConnectionState();
        var outbound = new Outbound(new Outbox(options.DataPath), time, context.CreateLogger<Outbound>());
        PolicyReport.Follow(policy.Source, connection, outbound, time);
        var own = OwnContainer.Create(context, engine);
        var creates = new CreateGate(context, engine, own);
        var compose = new ComposeDeployer(context, engine, own, creates, lanes, outbound);
        await compose.DetectAsync(stopping);
        outbound.ResumeCompletions();

        var docker = new DockerCommands(context, engine, own, creates, lanes, outbound);
        var updates = new Updates(context, engine, own, gate, creates, lanes, outbound);
        using var selfUpdates = new SelfUpdates(context, engine, own, lanes, outbound, connection);
        var shells = new ShellManager(engine, gate, outbound, requestAudit, time, context.CreateLogger<ShellManager>());
        var events = new ContainerEvents(context, engine, outbound, docker.Listing);
        var logs = new LogStreams(engine, gate, events.Tracker, outbound, time, context.CreateLogger<LogStreams>());
        using var checker = new HealthChecker(time, context.CreateLogger<HealthChecker>());
        using var checks = new HealthCheckRunner(
            checker.CheckAsync,
            context.Policies,
            gate,
            connection,
            outbound,
            time,
            context.CreateLogger<HealthCheckRunner>());
        var registration = new HostRegistration(context, engine, own, compose.Available);
        var dialer = new Dialer(options);
        using var sampling = new Sampling(context, engine, events.Tracker, registration, dialer, connection, outbound);
        using var probe = new EngineProbe(engine, time);
        var health = new HealthEndpoint(context, probe, cut, lanes);
        using var service = new ServiceManager(Environment.GetEnvironmentVariable, time, context.CreateLogger<ServiceManager>());
        var trimmer = new MemoryTrimmer(time, logger);

        var scan = new ComposeScan(context.Policies, time);
        var routes = Routes.Of(
            registration.AddTo, docker.AddTo, updates.AddTo, selfUpdates.AddTo, compose.AddTo, scan.AddTo, shells.AddTo, logs.AddTo, checks.AddTo);
        using var repeats = new RepeatedRequests(options.DataPath, connection, context.CreateLogger<RepeatedRequests>());
        using var requests = new RequestRunner(lanes, outbound, connection, gate, time, context.CreateLogger<RequestRunner>(), context.Loops.Commands)
        {
            Repeats = repeats,
        };
        var frames = new FrameDispatcher(routes, requests, context.CreateLogger<FrameDispatcher>());
        var link = new ServerLink(context, dialer, tokens, registration.DescribeAsync, outbound, connection);
        connection.Connected += _ => trimmer.MarkActivity();
        connection.Disconnected += shells.ConnectionLost;
        connection.Disconnected += logs.ConnectionLost;
        lanes.Idle += trimmer.MarkActivity;
        service.Follow(connection, options.ServerUrl);

        Log.Starting(logger, AgentVersion.Current, options.ServerUrl.ToString(), options.DataPath);
        PolicyLog.Report(logger, context.Policies.Current);
        audit.Follow(context.Policies);
        audit.Start(AgentVersion.Current);
        using var streams = new CancellationTokenSource();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping, selfUpdates.HandOver);
        // Not for a hand-over: systemd takes nothing back, and would end the new version after its stop time-out.
        using var sayStopping = stopping.Register(service.Stopping);
        using var stopUpdates = ending.Token.Register(updates.Stop);
        using var stopSelfUpdates = ending.Token.Register(selfUpdates.Stop);
        updates.Recover();
        compose.Recover(ending.Token);
        docker.Recover(ending.Token);
        audit.EndUnknown(entry => entry.Action switch
        {
            CommandNames.UpdateContainer => updates.IsRunning(entry.Work),
            CommandNames.DeployCompose => compose.WasLeft(entry.Work),
            CommandNames.SelfUpdate => selfUpdates.IsUnfinished,
            _ => false,
        });
        async Task ApplyAsync(HostPolicy before, CancellationToken ct)
        {
            await shells.RecheckAsync(ct);
            await logs.RecheckAsync(ct);
            await checks.RecheckAsync();
            if (registration.IsChangedSince(before))
            {
                link.Renew();
            }
        }

        Task FinishAsync() => Task.WhenAll(
            requests.FinishAsync(options.ShutdownTimeout),
            shells.FinishAsync(options.ShutdownTimeout),
            logs.FinishAsync(options.ShutdownTimeout));
        Task[] parts =
        [
            link.RunAsync(frames.Dispatch, FinishAsync, ending.Token),
            .. events.Start(streams.Token),
            .. sampling.Start(streams.Token),
            checks.RunAsync(streams.Token),
            own.RunAsync(streams.Token),
            policy.RunAsync(ApplyAsync, streams.Token),
            health.RunAsync(streams.Token),
            service.RunAsync(streams.Token),
            trimmer.RunAsync(streams.Token),
        ];
        var trial = selfUpdates.RunAsync(streams.Token);
        service.Ready();

        // None of them ends by itself. One that does has failed, and an agent without it would only look alive: the others end, too.
        await Task.WhenAny(parts);
        await ending.CancelAsync();
        // Without a connection to say goodbye on, operations that run still have their time.
        await requests.FinishAsync(options.ShutdownTimeout);
        await updates.WhenEndedAsync(RequestRunner.Grace);
        await selfUpdates.WhenEndedAsync(RequestRunner.Grace);
        await streams.CancelAsync();
        await Task.WhenAll(parts);
        await trial;
        await audit.StopAsync(RequestRunner.Grace);
        Log.Stopped(logger);
        if (!stopping.IsCancellationRequested)
        {
            selfUpdates.TakeOver();
        }
    }

    private TokenStore OpenTokens(ILogger logger)
    {
        var tokens = new TokenStore(options.DataPath);
        var isKnown = (options.PermanentToken ?? tokens.ReadPermanentToken()) is not null;
        try
        {
            tokens.EnsureWritable();
        }
        catch (ConfigurationException e) when (isKnown)
        {
            // A host whose disk is full needs its agent more than ever. Without a permanent token, though, the one-time token would be spent for nothing.
            Log.DataReadOnly(logger, e.Message);
        }

        return options.RegistrationToken is not null || isKnown ? tokens : throw new ConfigurationException(new(
            "REGISTRATION_TOKEN",
            $"REGISTRATION_TOKEN is not set and {options.DataPath} holds no permanent token",
            "make a registration token on the server (Settings, Hosts, Add host, Agent) and set it"));
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "dockmon-agent {Version} starts; server {Server}, data in {DataPath}")]
        public static partial void Starting(ILogger logger, string version, string server, string dataPath);

        [LoggerMessage(2, LogLevel.Information, "Stopped")]
        public static partial void Stopped(ILogger logger);

        [LoggerMessage(
            7,
            LogLevel.Error,
            "{Problem}. The agent goes on, but updates no container and not itself, and what a broken connection swallows may be lost")]
        public static partial void DataReadOnly(ILogger logger, string problem);
    }
}
