using System.Text.Json.Nodes;
using DockMon.Agent.Commands;
using DockMon.Agent.Update.Journal;
using DockMon.Agent.Update.Planning;
using DockMon.Agent.Update.Steps;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Update;

/// <summary>What is to be done.</summary>
/// <param name="Accepted">The update as it was promised.</param>
/// <param name="Inspected">Docker's inspect object of the container.</param>
/// <param name="Dependents">What hangs on it, found before anything is stopped, because some of that ends with it.</param>
/// <param name="Image">The image its successor runs.</param>
/// <param name="StopTimeout">Seconds it has to stop.</param>
/// <param name="HealthTimeout">Seconds its successor has to become healthy.</param>
internal sealed record Replacement(AcceptedUpdate Accepted, JsonObject Inspected, IReadOnlyList<Dependent> Dependents, string Image, int StopTimeout, int HealthTimeout);

/// <summary>
/// One update from its journal's first step to its end, forward or back. The journal is written before each step that changes something, so that
/// whatever stops the agent, the next one knows what to look for.
/// </summary>
internal sealed partial class ContainerUpdater
{
    /// <summary>How long the way back may take before the server hears of it, and others are let through between two tries.</summary>
    private static readonly TimeSpan TellAfter = TimeSpan.FromSeconds(30);

    /// <summary>How many restarts of the engine one update bears: an engine that ends every minute is not the container's fault, and not to be waited out.</summary>
    private const int MostRestarts = 3;

    private readonly EngineClient _engine;
    private readonly UpdateStore _store;
    private readonly UpdateReporter _report;
    private readonly RestartDetector _restarts;
    private readonly ILogger<ContainerUpdater> _logger;
    private readonly ContainerSwap _swap;
    private readonly RetryingSwap _retrying;
    private readonly HealthWatch _watch;
    private readonly Dependents _dependents;

    public ContainerUpdater(EngineClient engine, UpdateStore store, UpdateReporter report, Lanes lanes, RestartDetector restarts, Random random, TimeProvider time, ILogger<ContainerUpdater> logger)
    {
        (_engine, _store, _report, _restarts, _logger) = (engine, store, report, restarts, logger);
        _swap = new ContainerSwap(engine, time, logger);
        _retrying = new RetryingSwap(_swap, random, time, logger);
        _watch = new HealthWatch(engine, time);
        SecondLook = new LateEffectCheck(_swap, store, lanes, time, logger);
        _dependents = new Dependents(engine, store, _swap, _retrying, logger);
    }

    /// <summary>Looks once more, for as long as is needed, at what ended updates have left.</summary>
    public LateEffectCheck SecondLook { get; }

    /// <summary>Puts a container running an image in the place of an inspected one, and takes the containers that share its network along.</summary>
    /// <returns>Null when the update has come to its end; else the journal of one whose old container cannot be brought back yet.</returns>
    /// <exception cref="EngineException">It was refused before anything was changed.</exception>
    public async Task<UpdateJournal?> ReplaceAsync(Replacement update, CancellationToken stopping)
    {
        var (accepted, inspected, image) = (update.Accepted, update.Inspected, update.Image);
        _report.Progress(accepted.ContainerId, UpdateStages.Configuring, "Reading the container's configuration");
        var plan = UpdatePlanner.Plan(inspected, await _engine.InspectImageOfAsync(inspected, stopping), image);
        foreach (var reason in plan.Reasons)
        {
            Log.Planned(_logger, accepted.ContainerId, reason);
        }

        var era = await _restarts.NowAsync(stopping);
        var journal = _store.Open(UpdateJournal.Open(accepted.ContainerId, inspected, update.StopTimeout, update.HealthTimeout) with { Dependents = update.Dependents, Era = era });
        _store.NoLongerAccepted(accepted.Id, accepted.Name);
        _report.Progress(journal.ContainerId, UpdateStages.Backup, "The container runs on; it stays as the backup until its successor works");
        _report.Progress(journal.ContainerId, UpdateStages.Creating, $"Creating its successor from {image}");
        try
        {
            journal = _store.Save(journal with { CreateEnded = true, NewId = await _swap.CreateAsync(journal.TemporaryName, plan, CancellationToken.None) });
        }
        catch (Exception e) when (e is EngineException or CommandException)
        {
            return await RollBackAsync(journal with { CreateEnded = !RetryingSwap.IsTransient(e), Failure = $"failed to create the new container: {e.Message}" }, stopping);
        }

        return await SwapAndWatchAsync(journal, stopping);
    }

    /// <summary>Ends what an earlier run of the agent began.</summary>
    /// <returns>As <see cref="ReplaceAsync"/>.</returns>
    public async Task<UpdateJournal?> RecoverAsync(UpdateJournal journal, CancellationToken stopping)
    {
        Log.Recovering(_logger, journal.Name, journal.Step.ToString());
        var (now, inPlace) = (journal.Era, false);
        await _retrying.RetryWhileUnavailableAsync(
            async () =>
            {
                now = await _restarts.NowAsync(stopping);
                inPlace = await IsInPlaceAsync(journal, wasRestarted: now.RestartedSince(journal.Era) is not null, stopping);
            },
            stopping);
        return journal.Step switch
        {
            UpdateStep.Healthy => await FinishAsync(journal, stopping),
            UpdateStep.Swapping when inPlace => await WatchAsync(journal, stopping),
            _ => await RollBackAsync(journal with { Failure = journal.Failure ?? $"{now?.RestartedSince(journal.Era) ?? "the agent was restarted"} in the middle of the update" }, stopping),
        };
    }

    /// <summary>Tries once more to bring an old container back.</summary>
    /// <returns>As <see cref="ReplaceAsync"/>.</returns>
    public Task<UpdateJournal?> RetryAsync(UpdateJournal journal, CancellationToken stopping) => TryRollBackAsync(journal, TimeSpan.Zero, stopping);

    private async Task<UpdateJournal?> SwapAndWatchAsync(UpdateJournal journal, CancellationToken stopping)
    {
        try
        {
            journal = _store.Save(await StartedMeanwhileAsync(journal, stopping) with { Step = UpdateStep.Swapping, StopBegan = true });
            _report.Progress(journal.ContainerId, UpdateStages.Starting, journal.WasRunning ? "Stopping the old container and starting the new one" : "Putting the new container in the old one's place");
            // Not to be interrupted: in the middle of it nothing runs.
            await _swap.SwapAsync(journal, CancellationToken.None);
            await _swap.StartAsync(journal, CancellationToken.None);
        }
        catch (Exception e) when (e is EngineException or CommandException)
        {
            return await RollBackAsync(journal with { Failure = $"failed to start the new container: {e.Message}" }, stopping);
        }

        return await WatchAsync(journal, stopping);
    }

    /// <summary>The old container as it is now: somebody may have started it while its successor was made.</summary>
    private async Task<UpdateJournal> StartedMeanwhileAsync(UpdateJournal journal, CancellationToken ct) =>
        !journal.WasRunning && await _swap.FindAsync(journal.OldId, ct) is { State.Running: true } ? journal with { WasRunning = true } : journal;

    private async Task<UpdateJournal?> WatchAsync(UpdateJournal journal, CancellationToken stopping)
    {
        for (var restarts = 0; journal.WasRunning; restarts++)
        {
            var (isDone, failure) = await TryWatchAsync(journal, stopping);
            if (isDone)
            {
                break;
            }

            RunOfHost? now = null;
            await _retrying.RetryWhileUnavailableAsync(async () => now = await _restarts.NowAsync(stopping), stopping);
            if (now!.RestartedSince(journal.Era) is not { } restarted)
            {
                if (failure is null)
                {
                    break; // It has done its work.
                }

                return await RollBackAsync(journal with { Failure = failure }, stopping);
            }

            Log.Restarted(_logger, journal.Name, restarted);
            _report.Progress(journal.ContainerId, UpdateStages.HealthCheck, $"In the middle of the update {restarted}; the new container is started again");
            journal = _store.SaveIfPossible(journal with { Era = now });
            if ((restarts < MostRestarts ? await TryStartAsync(journal) : "as often as this, it is not tried any more") is { } refused)
            {
                return await RollBackAsync(journal with { Failure = $"{restarted} in the middle of the update, and the new container is not started again: {refused}" }, stopping);
            }
        }

        return await FinishAsync(_store.SaveIfPossible(journal with { Step = UpdateStep.Healthy }), stopping);
    }

    /// <summary>Watches the successor.</summary>
    /// <returns>Whether it runs and works; if not, why it does not work, or null: it has ended as one does that has done its work.</returns>
    private async Task<(bool IsDone, string? Failure)> TryWatchAsync(UpdateJournal journal, CancellationToken stopping)
    {
        _report.Progress(journal.ContainerId, UpdateStages.HealthCheck, "Waiting until the new container is healthy");
        try
        {
            var runs = await _watch.WaitAsync(journal.NewId!, TimeSpan.FromSeconds(journal.HealthTimeout), isNew: true, stopping);
            if (runs && journal.WasPaused)
            {
                await _swap.PauseAsync(journal.NewId!, CancellationToken.None);
            }

            return (runs, null);
        }
        catch (Exception e) when (e is EngineException or CommandException)
        {
            return (false, e.Message);
        }
    }

    /// <returns>Why it cannot be started; null when it was.</returns>
    private async Task<string?> TryStartAsync(UpdateJournal journal)
    {
        try
        {
            await _swap.StartAsync(journal, CancellationToken.None);
            return null;
        }
        catch (EngineException e)
        {
            return e.Message;
        }
    }

    /// <summary>Whatever still goes wrong here, the update has succeeded, and is told so.</summary>
    private async Task<UpdateJournal?> FinishAsync(UpdateJournal journal, CancellationToken stopping)
    {
        if (!await IsReplacedAsync(journal, stopping))
        {
            return await AbandonAsync(journal, stopping);
        }

        var failed = await _dependents.RecreateAsync(
            journal, count => _report.Progress(journal.ContainerId, UpdateStages.Dependents, $"Bringing over {count} containers that share its network"), stopping);
        if (!await IsReplacedAsync(journal, stopping))
        {
            return await AbandonAsync(journal, stopping);
        }

        _report.Progress(journal.ContainerId, UpdateStages.Cleanup, "Removing the old container");
        await _retrying.CleanUpAsync(journal, stopping);
        _report.Completed(journal, failed);
        _store.End(journal);
        return null;
    }

    private async Task<bool> IsReplacedAsync(UpdateJournal journal, CancellationToken stopping)
    {
        var isReplaced = false;
        await _retrying.RetryWhileUnavailableAsync(async () => isReplaced = await _swap.IsReplacedAsync(journal, stopping), stopping);
        return isReplaced;
    }

    /// <summary>Somebody took the update into their own hands (the agent was away): what they made of it is theirs, and nothing is removed.</summary>
    private async Task<UpdateJournal?> AbandonAsync(UpdateJournal journal, CancellationToken stopping)
    {
        Log.TakenOver(_logger, journal.Name, journal.BackupName);
        await _dependents.AbandonAsync(journal, stopping);
        _report.Failed(
            journal.ContainerId, UpdateStages.Failed, "Somebody else has changed the containers of this update; nothing was removed", $"the new container of {journal.Name} is not in its place any more, or the old one runs");
        _store.Remove(journal);
        return null;
    }

    private async Task<UpdateJournal?> RollBackAsync(UpdateJournal journal, CancellationToken stopping)
    {
        UpdateLog.Failed(_logger, journal.Name, journal.Failure!);
        journal = _store.SaveIfPossible(journal with { Step = UpdateStep.GoingBack });
        _report.Progress(journal.ContainerId, UpdateStages.Rollback, "Bringing the old container back");
        return await TryRollBackAsync(journal, TellAfter, stopping);
    }

    private async Task<UpdateJournal?> TryRollBackAsync(UpdateJournal journal, TimeSpan limit, CancellationToken stopping)
    {
        var reason = "";
        UpdateJournal? left;
        string id;
        try
        {
            (left, id) = await _retrying.RollBackAsync(
                journal,
                limit,
                refused => _report.Progress(journal.ContainerId, UpdateStages.Rollback, $"The old container cannot be brought back yet: {reason = refused}"),
                stopping);
        }
        catch (CommandException e)
        {
            // Nothing is left to go back to.
            _report.Failed(journal.ContainerId, UpdateStages.Failed, "The update failed, and there is no old container to bring back", $"{journal.Failure}; then: {e.Message}");
            _store.End(journal);
            return null;
        }

        if (left is null)
        {
            await (id == journal.OldId ? _dependents.RestartAsync(journal, stopping) : _dependents.RecreateAsync(journal with { NewId = id }, _ => { }, stopping));
            _report.Failed(journal.ContainerId, UpdateStages.Failed, "The update failed; the old container is as it was", journal.Failure!);
            _store.End(journal);
            return null;
        }

        if (!left.LossTold)
        {
            _report.Failed(journal.ContainerId, UpdateStages.Failed, "The update failed, and the old container cannot be brought back yet; the agent goes on trying", $"{journal.Failure}; then: {reason}");
        }

        return _store.SaveIfPossible(left with { LossTold = true });
    }

    /// <summary>Whether the successor has the name and was started, be it that it has done its work since; or can be, where a restart came in between.</summary>
    private async Task<bool> IsInPlaceAsync(UpdateJournal journal, bool wasRestarted, CancellationToken ct) =>
        journal.NewId is { } id && await _swap.FindAsync(id, ct) is { } successor && successor.Name == journal.Name
        && (!journal.WasRunning || wasRestarted || successor.State.Running || successor.State.Status == "exited");

    private static partial class Log
    {
        [LoggerMessage(500, LogLevel.Debug, "Update of {Container}: {Reason}")]
        public static partial void Planned(ILogger logger, string container, string reason);

        [LoggerMessage(501, LogLevel.Warning, "The update of {Container} was interrupted at step {Step}; it is brought to its end now")]
        public static partial void Recovering(ILogger logger, string container, string step);

        [LoggerMessage(515, LogLevel.Warning, "Somebody else has changed {Container} in the middle of its update; nothing is removed, and {Backup} may be left")]
        public static partial void TakenOver(ILogger logger, string container, string backup);

        [LoggerMessage(522, LogLevel.Warning, "The update of {Container} goes on with a new container that is started again: {Restarted}")]
        public static partial void Restarted(ILogger logger, string container, string restarted);
    }
}
