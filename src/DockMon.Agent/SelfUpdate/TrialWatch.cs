using System.Globalization;
using DockMon.Agent.Commands;
using DockMon.Agent.Connection;
using DockMon.Agent.Hosting;
using DockMon.Agent.Interop;
using DockMon.Agent.Linux;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.SelfUpdate;

/// <summary>In the program on trial: proves it, or gives up in time.</summary>
internal sealed partial class TrialWatch(SelfUpdateStore store, ConnectionState connection, SelfUpdateReporter report, TimeProvider time, ILogger logger)
{
    /// <summary>How long it must have stayed connected.</summary>
    public static readonly TimeSpan Proof = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private string? _unconfirmable;

    /// <summary>Tells what became of the last trial, and watches the one there is.</summary>
    /// <returns>Whether the base is to take over.</returns>
    public async Task<bool> RunAsync(CancellationToken ct)
    {
        var state = store.Read();
        if (state.Failure is { } failure)
        {
            Log.TrialFailed(logger, failure);
            report.Failed("health", failure);
            store.Save(state with { Failure = null });
        }

        if (state is { Accepted: { } accepted, Trial: null })
        {
            // Nobody else knows of it any more: the agent, or the machine, ended in the middle of fetching.
            var why = Machine.WasRestarted(accepted.Boot, Machine.Current.BootId) ? "the machine was restarted" : "the agent ended";
            var interrupted = $"the self-update to {accepted.What} was interrupted before anything was changed: {why}. "
                + $"Version {AgentVersion.Current} works on; ask for the update again";
            Log.TrialFailed(logger, interrupted);
            report.Failed(accepted.Stage, interrupted);
            store.Save(store.Read() with { Accepted = null });
        }

        if (state.Trial is not { } trial || Launcher.Program != trial.Program.Path)
        {
            store.RemoveAllBut(Launcher.Program, state.Confirmed?.Path);
            return false;
        }

        report.Progress("health", $"Version {trial.Program.Version} runs; it has until {Rfc3339.FormatSeconds(trial.Deadline)} to prove itself");
        return await WatchAsync(trial, ct);
    }

    private async Task<bool> WatchAsync(Trial trial, CancellationToken ct)
    {
        long? connected = null;
        var late = trial.Watch(time);
        while (true)
        {
            await Task.Delay(Interval, time, ct);
            connected = connection.IsConnected ? connected ?? time.GetTimestamp() : null;
            if (connected is { } since && time.GetElapsedTime(since) >= Proof && Confirm(trial))
            {
                store.RemoveAllBut(trial.Program.Path);
                Log.TrialPassed(logger, trial.Program.Version);
                report.Complete($"Version {trial.Program.Version} runs and is connected; version {trial.FromVersion} was replaced");
                await ReapGuardAsync(ct);
                return false;
            }

            if (late() >= TimeSpan.Zero)
            {
                Fail(_unconfirmable is { } reason
                    ? $"works, but that could not be written down: {reason}"
                    : $"did not stay connected to the server: {connection.LastFailure ?? "no connection came about"}");
                Log.TrialGivenUp(logger, trial.Program.Version);
                return true;
            }
        }
    }

    /// <summary>Writes it down. Where that cannot be done (a full disk) it is tried again until the trial is over: nobody else knows.</summary>
    private bool Confirm(Trial trial)
    {
        try
        {
            store.Save(store.Read() with { Trial = null, Confirmed = trial.Program });
            return true;
        }
        catch (CommandException e)
        {
            if (e.Message != _unconfirmable)
            {
                Log.CannotConfirm(logger, trial.Program.Version, e.Message);
            }

            _unconfirmable = e.Message;
            return false;
        }
    }

    private void Fail(string reason)
    {
        try
        {
            store.Save(store.Read().Failed(reason));
        }
        catch (CommandException e)
        {
            SelfUpdateLog.GuardCannotWrite(logger, e.Message); // The base finds the trial, and takes it for failed all the same.
        }
    }

    /// <summary>The guard was the old program's child and is now this one's, which did not start it and must wait for its end all the same.</summary>
    private async Task ReapGuardAsync(CancellationToken ct)
    {
        if (int.TryParse(Environment.GetEnvironmentVariable(Guard.ProcessVariable), CultureInfo.InvariantCulture, out var guard))
        {
            while (!Native.TryReap(guard))
            {
                await Task.Delay(Interval, time, ct);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(552, LogLevel.Information, "Version {Version} has proven itself and stays")]
        public static partial void TrialPassed(ILogger logger, string version);

        [LoggerMessage(553, LogLevel.Error, "Version {Version} has not proven itself in time; the version before it takes over")]
        public static partial void TrialGivenUp(ILogger logger, string version);

        [LoggerMessage(554, LogLevel.Error, "A self-update failed: {Reason}")]
        public static partial void TrialFailed(ILogger logger, string reason);

        [LoggerMessage(562, LogLevel.Error, "Version {Version} works, but that cannot be written down yet: {Reason}")]
        public static partial void CannotConfirm(ILogger logger, string version, string reason);
    }
}
