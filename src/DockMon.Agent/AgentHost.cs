using DockMon.Agent.Commands;
using DockMon.Agent.Configuration;
using DockMon.Agent.Hosting;
using DockMon.Agent.Policies;
using DockMon.Agent.Storage;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent;

/// <summary>The whole agent: runs its subsystems, and stops them in order.</summary>
internal sealed partial class AgentHost(AgentOptions options, ILoggerFactory loggers, TimeProvider time)
{
    /// <summary>Runs until <paramref name="stopping"/> fires and everything has come to its end.</summary>
    /// <exception cref="ConfigurationException">Something it needs is missing or refused; the message says what to do.</exception>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var only = DataLock.Take(options.DataPath);
        using var parts = new AgentParts(options, loggers, time);
        var logger = loggers.CreateLogger<AgentHost>();
        await parts.Compose.DetectAsync(stopping);
        parts.Outbound.ResumeCompletions();

        Log.Starting(logger, AgentVersion.Current, options.ServerUrl.ToString(), options.DataPath);
        PolicyLog.Report(logger, parts.Policy.Source.Current);
        parts.Audit.Follow(parts.Policy.Source);
        parts.Audit.Start(AgentVersion.Current);
        using var streams = new CancellationTokenSource();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping, parts.SelfUpdates.HandOver);
        // Not for a hand-over: systemd takes nothing back, and would end the new version after its stop time-out.
        using var sayStopping = stopping.Register(parts.Service.Stopping);
        using var stopUpdates = ending.Token.Register(parts.Updates.Stop);
        using var stopSelfUpdates = ending.Token.Register(parts.SelfUpdates.Stop);
        Recover(parts, ending.Token);

        var running = parts.Start(options.ShutdownTimeout, ending.Token, streams.Token);
        var trial = parts.SelfUpdates.RunAsync(streams.Token);
        parts.Service.Ready();

        // None of them ends by itself. One that does has failed, and an agent without it would only look alive: the others end, too.
        await Task.WhenAny(running);
        await ending.CancelAsync();
        // Without a connection to say goodbye on, operations that run still have their time.
        await parts.Requests.FinishAsync(options.ShutdownTimeout);
        await parts.Updates.WhenEndedAsync(RequestRunner.Grace);
        await parts.SelfUpdates.WhenEndedAsync(RequestRunner.Grace);
        await streams.CancelAsync();
        await Task.WhenAll(running);
        await trial;
        await parts.Audit.StopAsync(RequestRunner.Grace);
        Log.Stopped(logger);
        if (!stopping.IsCancellationRequested)
        {
            parts.SelfUpdates.TakeOver();
        }
    }

    /// <summary>Goes on with what an earlier run left, and ends the audit of what nobody goes on with.</summary>
    private static void Recover(AgentParts parts, CancellationToken ending)
    {
        parts.Updates.Recover();
        parts.Compose.Recover(ending);
        parts.Docker.Recover(ending);
        parts.Audit.EndUnknown(entry => entry.Action switch
        {
            CommandNames.UpdateContainer => parts.Updates.IsRunning(entry.Work),
            CommandNames.DeployCompose => parts.Compose.WasLeft(entry.Work),
            CommandNames.SelfUpdate => parts.SelfUpdates.IsUnfinished,
            _ => false,
        });
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "dockmon-agent {Version} starts; server {Server}, data in {DataPath}")]
        public static partial void Starting(ILogger logger, string version, string server, string dataPath);

        [LoggerMessage(2, LogLevel.Information, "Stopped")]
        public static partial void Stopped(ILogger logger);
    }
}
