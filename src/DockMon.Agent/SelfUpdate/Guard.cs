using System.Diagnostics;
using System.Globalization;
using DockMon.Agent.Commands;
using DockMon.Agent.Configuration;
using DockMon.Agent.Health;
using DockMon.Agent.Interop;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.SelfUpdate;

/// <summary>
/// A second process of the old program that watches a trial from outside, because a program that hangs cannot bring its predecessor back by itself.
/// It ends with the trial.
/// </summary>
internal sealed partial class Guard(AgentOptions options, TimeProvider time, ILogger logger)
{
    /// <summary>Tells the program on trial which process guards it: that is its child, and it is the one to wait for its end.</summary>
    public const string ProcessVariable = "DOCKMON_AGENT_GUARD";

    /// <summary>How long after the deadline the program on trial may still bring its predecessor back by itself, and a supervisor has to start it.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RestartInterval = TimeSpan.FromSeconds(2);

    private readonly SelfUpdateStore _store = new(options.DataPath);

    /// <summary>Starts the guard of this process, which is about to become another program.</summary>
    /// <param name="container">Id of the agent's own container; null when it runs in none.</param>
    /// <returns>The guard's process id.</returns>
    public static int Start(string? container)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["guard", Environment.ProcessId.ToString(CultureInfo.InvariantCulture), container ?? "-"]);
        start.Environment[Launcher.BaseVariable] = Launcher.BasePath;
        using var process = Process.Start(start)!;
        return process.Id;
    }

    /// <summary>Watches until the trial is over.</summary>
    public async Task<int> RunAsync(int process, string? container)
    {
        using var watched = new WatchedProcess(process);
        var late = _store.Read().Trial?.Watch(time);
        while (late is not null && _store.Read().Trial is not null)
        {
            var gone = watched.HasEnded();
            if (gone || late() > Grace)
            {
                await RollBackAsync(
                    watched,
                    isFirst: process == 1,
                    container,
                    gone ? "ended before it had proven itself" : "neither proved itself in time nor gave up (timeout)");
                return 0;
            }

            await Task.Delay(Interval, time);
        }

        return 0;
    }

    private async Task RollBackAsync(WatchedProcess watched, bool isFirst, string? container, string reason)
    {
        var state = _store.Read();
        if (state.Trial is null)
        {
            return;
        }

        Log.GuardActs(logger, state.Trial.Program.Version, reason);
        try
        {
            _store.Save(state.Failed(reason));
        }
        catch (CommandException e)
        {
            SelfUpdateLog.GuardCannotWrite(logger, e.Message); // The base finds the trial, and takes it for failed all the same.
        }

        // The first process of a container hears no signal from inside: the engine ends it, and starts the same container again.
        if (container is not null && isFirst)
        {
            await RestartAsync(container);
            return;
        }

        watched.Kill();
        // systemd starts the unit again, and its variable says that it is there; another supervisor's agent
        // is heard. Where nobody does, this process is the agent from now on.
        if (Environment.GetEnvironmentVariable("INVOCATION_ID") is null && !await IsStartedByOthersAsync())
        {
            Launcher.Execute(Launcher.BasePath, program: null);
        }
    }

    private async Task<bool> IsStartedByOthersAsync()
    {
        for (var waited = TimeSpan.Zero; waited < Grace; waited += Interval)
        {
            if (await HealthEndpoint.IsListeningAsync(options.DataPath))
            {
                return true;
            }

            await Task.Delay(Interval, time);
        }

        return false;
    }

    private async Task RestartAsync(string container)
    {
        using var engine = new EngineClient(EngineEndpoint.FromEnvironment(options.DockerHost, options.DockerCertPath, options.DockerTlsVerify), time);
        while (true)
        {
            try
            {
                await engine.RestartContainerAsync(container, 0, CancellationToken.None);
                return;
            }
            catch (EngineException e)
            {
                Log.GuardFailed(logger, e.Message);
            }

            await Task.Delay(RestartInterval, time);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(555, LogLevel.Error, "Version {Version} {Reason}; its guard brings the version before it back")]
        public static partial void GuardActs(ILogger logger, string version, string reason);

        [LoggerMessage(559, LogLevel.Error, "The container cannot be restarted: {Reason}")]
        public static partial void GuardFailed(ILogger logger, string reason);
    }
}
