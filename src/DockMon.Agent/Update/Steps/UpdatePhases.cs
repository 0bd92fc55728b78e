using DockMon.Agent.Commands;
using DockMon.Agent.Update.Journal;
using DockMon.Agent.Update.Planning;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Update.Steps;

/// <summary>What is done in each phase of an update. None knows which one follows.</summary>
// Eight parameters: together the phases need every part that the updater is made of.
internal sealed partial class UpdatePhases(
    UpdateStore store,
    UpdateReporter report,
    RestartDetector restarts,
    ContainerSwap swap,
    RetryingSwap retrying,
    HealthWatch watch,
    Dependents dependents,
    ILogger logger)
{
    /// <summary>
    /// How long a rollback is tried before the server is told that it takes longer, and before other operations have their turn between two tries.
    /// </summary>
    private static readonly TimeSpan RollbackLimit = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How many restarts of the machine or the engine are not counted against the successor: an engine that restarts every minute is not waited for.
    /// </summary>
    private const int MaximumInterruptions = 3;

    public async Task<(PhaseResult Result, UpdateJournal Journal)> CreateAsync(UpdateJournal journal, UpdatePlan plan)
    {
        try
        {
            var id = await swap.CreateAsync(journal.TemporaryName, plan, CancellationToken.None);
            journal = store.Save(journal with { CreateEnded = true, NewId = id });
            return plan.ImageId is not { } image || (await swap.FindAsync(id, CancellationToken.None))?.Image is { } made && SameImage.IsSame(made, image)
                ? (PhaseResult.Succeeded, journal)
                : Failed(journal, "the new container was created from another image than this host's policy has judged: its name means another one by now");
        }
        catch (Exception e) when (e is EngineException or CommandException)
        {
            return Failed(journal with { CreateEnded = !RetryingSwap.IsTransient(e) }, $"failed to create the new container: {e.Message}");
        }
    }

    public async Task<(PhaseResult Result, UpdateJournal Journal)> SwapAsync(UpdateJournal journal, CancellationToken stopping)
    {
        try
        {
            journal = store.Save(journal with { WasRunning = await IsRunningAsync(journal, stopping), Step = UpdateStep.Swapping, StopBegan = true });
            var message = journal.WasRunning ? "Stopping the old container and starting the new one" : "Giving the name of the old container to the new one";
            report.Progress(journal.ContainerId, UpdateStages.Starting, message);
            // Must not be cancelled: between the stop and the start nothing runs.
            await swap.SwapAsync(journal, CancellationToken.None);
            await swap.StartAsync(journal, CancellationToken.None);
            return (PhaseResult.Succeeded, journal);
        }
        catch (Exception e) when (e is EngineException or CommandException)
        {
            return Failed(journal, $"failed to start the new container: {e.Message}");
        }
    }

    public async Task<(PhaseResult Result, UpdateJournal Journal)> WatchAsync(UpdateJournal journal, int interruptions, CancellationToken stopping)
    {
        var (isRunning, failure) = journal.WasRunning ? await WaitUntilHealthyAsync(journal, stopping) : (true, null);
        if (!isRunning)
        {
            RunOfHost? now = null;
            await retrying.RetryWhileUnavailableAsync(async () => now = await restarts.NowAsync(stopping), stopping);
            if (now!.RestartedSince(journal.Era) is { } restarted)
            {
                return await StartAgainAsync(journal with { Era = now }, restarted, interruptions);
            }

            if (failure is not null)
            {
                return Failed(journal, failure);
            }
        }

        return (PhaseResult.Succeeded, store.SaveIfPossible(journal with { Step = UpdateStep.Healthy }));
    }

    /// <summary>Whatever fails here, the update has succeeded, and is reported as a success.</summary>
    public async Task<(PhaseResult Result, UpdateJournal Journal)> FinishAsync(RunningUpdate update, UpdateJournal journal, CancellationToken stopping)
    {
        if (!await IsReplacedAsync(journal, stopping))
        {
            return await AbandonAsync(update, journal, stopping);
        }

        var failed = await dependents.RecreateAsync(
            journal, count => report.Progress(journal.ContainerId, UpdateStages.Dependents, $"Recreating {count} containers that share its network"), stopping);
        if (!await IsReplacedAsync(journal, stopping))
        {
            return await AbandonAsync(update, journal, stopping);
        }

        report.Progress(journal.ContainerId, UpdateStages.Cleanup, "Removing the old container");
        await retrying.CleanUpAsync(journal, stopping);
        update.IsEndReported = true;
        report.Completed(journal, failed);
        store.End(journal);
        return (PhaseResult.Succeeded, journal);
    }

    public async Task<(PhaseResult Result, UpdateJournal Journal)> RollBackAsync(RunningUpdate update, UpdateJournal journal, CancellationToken stopping)
    {
        UpdateLog.Failed(logger, journal.Name, journal.Failure!);
        journal = store.SaveIfPossible(journal with { Step = UpdateStep.GoingBack });
        report.Progress(journal.ContainerId, UpdateStages.Rollback, "Restoring the old container");
        return await TryRollBackAsync(update, journal, RollbackLimit, stopping);
    }

    public Task<(PhaseResult Result, UpdateJournal Journal)> RetryRollBackAsync(RunningUpdate update, UpdateJournal journal, CancellationToken stopping) =>
        TryRollBackAsync(update, journal, TimeSpan.Zero, stopping);

    private static (PhaseResult Result, UpdateJournal Journal) Failed(UpdateJournal journal, string failure) =>
        (PhaseResult.Failed, journal with { Failure = failure });

    /// <summary>Whether the container is to run after the update: somebody may have started it while its successor was created.</summary>
    private async Task<bool> IsRunningAsync(UpdateJournal journal, CancellationToken ct) =>
        journal.WasRunning || await swap.FindAsync(journal.OldId, ct) is { State.Running: true };

    /// <returns>Whether the successor runs and is healthy. If not, why; null if it has ended like one that has done its work.</returns>
    private async Task<(bool IsRunning, string? Failure)> WaitUntilHealthyAsync(UpdateJournal journal, CancellationToken stopping)
    {
        report.Progress(journal.ContainerId, UpdateStages.HealthCheck, "Waiting until the new container is healthy");
        try
        {
            var runs = await watch.WaitAsync(journal.NewId!, TimeSpan.FromSeconds(journal.HealthTimeout), isNew: true, stopping);
            if (runs && journal.WasPaused)
            {
                await swap.PauseAsync(journal.NewId!, CancellationToken.None);
            }

            return (runs, null);
        }
        catch (Exception e) when (e is EngineException or CommandException)
        {
            return (false, e.Message);
        }
    }

    private async Task<(PhaseResult Result, UpdateJournal Journal)> StartAgainAsync(UpdateJournal journal, string restarted, int interruptions)
    {
        Log.Restarted(logger, journal.Name, restarted);
        report.Progress(journal.ContainerId, UpdateStages.HealthCheck, $"In the middle of the update {restarted}; the new container is started again");
        journal = store.SaveIfPossible(journal);
        var refusal = interruptions < MaximumInterruptions ? await TryStartAsync(journal) : $"it was started again {MaximumInterruptions} times already";
        return refusal is null ? (PhaseResult.Interrupted, journal)
            : Failed(journal, $"{restarted} in the middle of the update, and the new container is not started again: {refusal}");
    }

    /// <returns>Why the successor cannot be started; null if it was.</returns>
    private async Task<string?> TryStartAsync(UpdateJournal journal)
    {
        try
        {
            await swap.StartAsync(journal, CancellationToken.None);
            return null;
        }
        catch (EngineException e)
        {
            return e.Message;
        }
    }

    private async Task<bool> IsReplacedAsync(UpdateJournal journal, CancellationToken stopping)
    {
        var isReplaced = false;
        await retrying.RetryWhileUnavailableAsync(async () => isReplaced = await swap.IsReplacedAsync(journal, stopping), stopping);
        return isReplaced;
    }

    /// <summary>Ends the update of containers that somebody changed, for example while the agent did not run. Nothing of theirs is removed.</summary>
    private async Task<(PhaseResult Result, UpdateJournal Journal)> AbandonAsync(RunningUpdate update, UpdateJournal journal, CancellationToken stopping)
    {
        Log.TakenOver(logger, journal.Name, journal.BackupName);
        await dependents.AbandonAsync(journal, stopping);
        update.IsEndReported = true;
        report.Failed(
            journal.ContainerId,
            UpdateStages.Failed,
            "Somebody else has changed the containers of this update; nothing was removed",
            $"the new container of {journal.Name} was renamed or removed, or the old one was started");
        store.Remove(journal);
        return (PhaseResult.Succeeded, journal);
    }

    private async Task<(PhaseResult Result, UpdateJournal Journal)> TryRollBackAsync(
        RunningUpdate update, UpdateJournal journal, TimeSpan limit, CancellationToken stopping)
    {
        var reason = "";
        UpdateJournal? left;
        string id;
        try
        {
            (left, id) = await retrying.RollBackAsync(
                journal,
                limit,
                refused => report.Progress(journal.ContainerId, UpdateStages.Rollback, $"The old container cannot be restored yet: {reason = refused}"),
                stopping);
        }
        catch (CommandException e)
        {
            return EndFailed(update, journal, "The update failed, and the old container was removed by somebody else", $"{journal.Failure}; then: {e.Message}");
        }

        if (left is not null)
        {
            return (PhaseResult.Failed, ReportPending(left, $"{journal.Failure}; then: {reason}"));
        }

        await (id == journal.OldId
            ? dependents.RestartAsync(journal, stopping)
            : dependents.RecreateAsync(journal with { NewId = id }, _ => { }, stopping));
        return EndFailed(update, journal, "The update failed; the old container is as it was", journal.Failure!);
    }

    private (PhaseResult Result, UpdateJournal Journal) EndFailed(RunningUpdate update, UpdateJournal journal, string message, string error)
    {
        update.IsEndReported = true;
        report.Failed(journal.ContainerId, UpdateStages.Failed, message, error);
        store.End(journal);
        return (PhaseResult.Succeeded, journal);
    }

    /// <summary>Reports once that the rollback takes longer.</summary>
    private UpdateJournal ReportPending(UpdateJournal journal, string error)
    {
        if (!journal.LossTold)
        {
            const string Message = "The update failed, and the old container cannot be restored yet; the agent goes on trying";
            report.Failed(journal.ContainerId, UpdateStages.Failed, Message, error);
        }

        return store.SaveIfPossible(journal with { LossTold = true });
    }

    private static partial class Log
    {
        [LoggerMessage(515, LogLevel.Warning, "Somebody else has changed {Container} during its update; nothing is removed, and {Backup} may be left")]
        public static partial void TakenOver(ILogger logger, string container, string backup);

        [LoggerMessage(522, LogLevel.Warning, "The new container of the update of {Container} is started again: {Restarted}")]
        public static partial void Restarted(ILogger logger, string container, string restarted);
    }
}
