using System.Diagnostics;
using System.Text.Json.Nodes;
using DockMon.Agent.Commands;
using DockMon.Agent.Update.Journal;
using DockMon.Agent.Update.Planning;
using DockMon.Agent.Update.Steps;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Update;

/// <summary>An update that can begin.</summary>
/// <param name="Update">The update.</param>
/// <param name="Inspected">Docker's inspect object of the container.</param>
/// <param name="Dependents">The containers that have a namespace from it, found before anything is stopped: some of them stop with it.</param>
/// <param name="Image">The image of the successor.</param>
/// <param name="StopTimeout">Seconds the container has to stop.</param>
/// <param name="HealthTimeout">Seconds the successor has to become healthy.</param>
/// <param name="ImageId">The id that the image must have; null for whichever it has.</param>
internal sealed record Replacement(
    RunningUpdate Update, JsonObject Inspected, IReadOnlyList<Dependent> Dependents, string Image, int StopTimeout, int HealthTimeout, string? ImageId);

/// <summary>
/// The state machine of an update. A new update, one that an earlier run of the agent left, and one whose rollback is tried again differ in the phase they
/// begin with. The journal is written before whatever changes something, so that the next run of the agent knows what to look for.
/// </summary>
internal sealed partial class ContainerUpdater
{
    private readonly EngineClient _engine;
    private readonly UpdateStore _store;
    private readonly UpdateReporter _report;
    private readonly RestartDetector _restarts;
    private readonly ILogger<ContainerUpdater> _logger;
    private readonly ContainerSwap _swap;
    private readonly RetryingSwap _retrying;
    private readonly UpdatePhases _phases;

    public ContainerUpdater(
        AgentContext context,
        EngineClient engine,
        UpdateStore store,
        UpdateReporter report,
        Lanes lanes,
        RestartDetector restarts)
    {
        var (time, logger) = (context.Time, context.CreateLogger<ContainerUpdater>());
        (_engine, _store, _report, _restarts, _logger) = (engine, store, report, restarts, logger);
        _swap = new ContainerSwap(engine, time, logger);
        _retrying = new RetryingSwap(_swap, context.Random, time, logger);
        var dependents = new Dependents(engine, store, _swap, _retrying, logger);
        _phases = new UpdatePhases(store, report, restarts, _swap, _retrying, new HealthWatch(engine, time), dependents, logger);
        LateEffects = new LateEffectCheck(_swap, store, lanes, time, logger);
    }

    /// <summary>The search for what requests of ended updates did too late.</summary>
    public LateEffectCheck LateEffects { get; }

    /// <summary>Begins an update and carries it on as <see cref="RunAsync"/> does.</summary>
    /// <exception cref="EngineException">The engine refused it before anything was changed.</exception>
    public async Task<UpdateState> ReplaceAsync(Replacement replacement, CancellationToken stopping)
    {
        var (accepted, inspected, image) = (replacement.Update.Accepted, replacement.Inspected, replacement.Image);
        _report.Progress(accepted.ContainerId, UpdateStages.Configuring, "Reading the container's configuration");
        var plan = UpdatePlanner.Plan(inspected, await _engine.InspectImageOfAsync(inspected, stopping), image);
        foreach (var reason in plan.Reasons)
        {
            Log.Planned(_logger, accepted.ContainerId, reason);
        }

        var era = await _restarts.NowAsync(stopping);
        var journal = UpdateJournal.Open(accepted.ContainerId, inspected, replacement.StopTimeout, replacement.HealthTimeout);
        journal = _store.Open(journal with { Dependents = replacement.Dependents, Era = era });
        _store.NoLongerAccepted(accepted.Id, accepted.Name);
        _report.Progress(journal.ContainerId, UpdateStages.Backup, "The container keeps running; it is the backup until the new one works");
        _report.Progress(journal.ContainerId, UpdateStages.Creating, $"Creating the new container from {image}");
        plan = plan with { ImageId = replacement.ImageId };
        return await RunAsync(new UpdateState(replacement.Update, UpdatePhase.Create, journal) { Plan = plan }, stopping);
    }

    /// <summary>Takes up an update that an earlier run of the agent left and carries it on as <see cref="RunAsync"/> does.</summary>
    public async Task<UpdateState> RecoverAsync(RunningUpdate update, UpdateJournal journal, CancellationToken stopping)
    {
        Log.Recovering(_logger, journal.Name, journal.Step.ToString());
        var (restarted, isInPlace) = ((string?)null, false);
        await _retrying.RetryWhileUnavailableAsync(
            async () =>
            {
                restarted = (await _restarts.NowAsync(stopping)).RestartedSince(journal.Era);
                isInPlace = await IsInPlaceAsync(journal, restarted is not null, stopping);
            },
            stopping);
        var failure = journal.Failure ?? $"{restarted ?? "the agent was restarted"} in the middle of the update";
        var state = journal.Step switch
        {
            UpdateStep.Healthy => new UpdateState(update, UpdatePhase.Finish, journal),
            UpdateStep.Swapping when isInPlace => new UpdateState(update, UpdatePhase.Watch, journal),
            _ => new UpdateState(update, UpdatePhase.RollBack, journal with { Failure = failure }),
        };
        return await RunAsync(state, stopping);
    }

    /// <summary>Carries an update on until it has ended, or until its rollback has to be tried again later.</summary>
    public async Task<UpdateState> RunAsync(UpdateState state, CancellationToken stopping)
    {
        do
        {
            state = await StepAsync(state, stopping);
        }
        while (state.Phase is not (UpdatePhase.Ended or UpdatePhase.RetryRollBack));
        return state;
    }

    /// <summary>One phase, and the one that follows.</summary>
    private async Task<UpdateState> StepAsync(UpdateState state, CancellationToken stopping)
    {
        var (result, journal) = await (state.Phase switch
        {
            UpdatePhase.Create => _phases.CreateAsync(state.Journal, state.Plan!),
            UpdatePhase.Swap => _phases.SwapAsync(state.Journal, stopping),
            UpdatePhase.Watch => _phases.WatchAsync(state.Journal, state.Interruptions, stopping),
            UpdatePhase.Finish => _phases.FinishAsync(state.Update, state.Journal, stopping),
            UpdatePhase.RollBack => _phases.RollBackAsync(state.Update, state.Journal, stopping),
            UpdatePhase.RetryRollBack => _phases.RetryRollBackAsync(state.Update, state.Journal, stopping),
            _ => throw new UnreachableException($"an update has no phase after {state.Phase}"),
        });
        var next = (state.Phase, result) switch
        {
            (UpdatePhase.Create, PhaseResult.Succeeded) => UpdatePhase.Swap,
            (UpdatePhase.Swap, PhaseResult.Succeeded) => UpdatePhase.Watch,
            (UpdatePhase.Watch, PhaseResult.Succeeded) => UpdatePhase.Finish,
            (UpdatePhase.Watch, PhaseResult.Interrupted) => UpdatePhase.Watch,
            (UpdatePhase.Create or UpdatePhase.Swap or UpdatePhase.Watch, PhaseResult.Failed) => UpdatePhase.RollBack,
            (UpdatePhase.RollBack or UpdatePhase.RetryRollBack, PhaseResult.Failed) => UpdatePhase.RetryRollBack,
            (UpdatePhase.Finish or UpdatePhase.RollBack or UpdatePhase.RetryRollBack, PhaseResult.Succeeded) => UpdatePhase.Ended,
            _ => throw new UnreachableException($"{state.Phase} of an update cannot be {result}"),
        };
        return state with { Phase = next, Journal = journal, Interruptions = state.Interruptions + (result == PhaseResult.Interrupted ? 1 : 0) };
    }

    /// <summary>
    /// Whether the successor has the name and was started, even if it has ended since; or, after a restart of the machine or the engine, can be started.
    /// </summary>
    private async Task<bool> IsInPlaceAsync(UpdateJournal journal, bool wasRestarted, CancellationToken ct) =>
        journal.NewId is { } id && await _swap.FindAsync(id, ct) is { } successor && successor.Name == journal.Name
        && (!journal.WasRunning || wasRestarted || successor.State.Running || successor.State.Status == "exited");

    private static partial class Log
    {
        [LoggerMessage(500, LogLevel.Debug, "Update of {Container}: {Reason}")]
        public static partial void Planned(ILogger logger, string container, string reason);

        [LoggerMessage(501, LogLevel.Warning, "The update of {Container} was interrupted at step {Step}; it is completed or rolled back now")]
        public static partial void Recovering(ILogger logger, string container, string step);
    }
}
