using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using DockMon.Agent.Commands;
using DockMon.Agent.Policies;
using DockMon.Agent.Update.Journal;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Update;

/// <summary>
/// The running updates, at most four at a time, each from its acceptance to its end. Containers are changed in the lanes of all containers of the
/// update, so that no other operation on one of them gets in between.
/// </summary>
internal sealed partial class UpdateQueue(
    ContainerUpdater updater, UpdateStore store, UpdateReporter report, Lanes lanes, TimeProvider time, ILogger logger)
    : IDisposable
{
    private const int Width = 4;

    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _places = new(Width);
    private readonly ConcurrentDictionary<string, RunningUpdate> _underWay = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Whether no update is running.</summary>
    public bool IsEmpty => _underWay.IsEmpty;

    /// <summary>Cancelled when the agent stops.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Whether an update of a container is running.</summary>
    /// <param name="containerId">The container as the server named it.</param>
    public bool IsRunning(string? containerId) => _underWay.Values.Any(update => update.Accepted.ContainerId == containerId);

    /// <summary>Starts the recovery of the updates that an earlier run of the agent left.</summary>
    public void Recover()
    {
        // Journals of dependents belong to the update of their main container. An update whose end was reported only needs the check for late effects.
        var journals = store.Read();
        foreach (var told in journals.Where(journal => store.HasEnded(journal.OldId)))
        {
            store.Remove(told);
        }

        journals = [.. journals.Where(journal => journal.DependentOf is null && store.Has(journal.OldId))];
        foreach (var accepted in store.Accepted())
        {
            if (!journals.Any(journal => journal.OldId == accepted.Id || journal.ContainerId == accepted.ContainerId))
            {
                const string Reason = "interrupted before anything was changed: the agent or its machine ended; ask again";
                Log.NeverBegun(logger, accepted.Name);
                Fail(accepted, Reason);
            }

            store.NoLongerAccepted(accepted.Id, accepted.Name);
        }

        foreach (var journal in journals)
        {
            var update = new RunningUpdate(
                new AcceptedUpdate(journal.OldId, journal.Name, journal.ContainerId),
                [journal.OldId, journal.SharedWith, .. (journal.Dependents ?? []).Select(dependent => dependent.Id)]);
            _underWay[journal.OldId] = update;
            update.Work = RunAsync(update, () => InLanesAsync(update, () => updater.RecoverAsync(update, journal, Stopping)));
        }

        updater.LateEffects.Begin(Stopping);
    }

    /// <summary>Accepts an update and starts it.</summary>
    /// <param name="update">The update.</param>
    /// <param name="work">All of it.</param>
    /// <param name="ct">Cancels the wait for an earlier update of the container that still has to clean up.</param>
    /// <exception cref="CommandException">It cannot be accepted.</exception>
    public async Task BeginAsync(RunningUpdate update, Func<Task<UpdateState>> work, CancellationToken ct)
    {
        if (_underWay.TryGetValue(update.Accepted.Id, out var earlier) && earlier.IsEndReported)
        {
            await earlier.Work.WaitAsync(ct);
        }

        if (!_underWay.TryAdd(update.Accepted.Id, update))
        {
            throw new CommandException($"an update of {update.Name} is already under way");
        }

        try
        {
            EnsureAlone(update);
            store.Accept(update.Accepted);
        }
        catch (CommandException)
        {
            _underWay.TryRemove(update.Accepted.Id, out _);
            throw;
        }

        update.Work = RunAsync(update, work);
    }

    /// <summary>Checks that no other update changes the same container: one that was recreated meanwhile has two ids.</summary>
    /// <exception cref="CommandException">Another one does.</exception>
    public void EnsureAlone(RunningUpdate update)
    {
        if (_underWay.Values.Any(other => other != update && !other.IsEndReported && other.Containers[0] == update.Containers[0]))
        {
            throw new CommandException($"an update of {update.Name} is already under way");
        }
    }

    /// <summary>Why an update has to wait for the end of another one; null if it has not.</summary>
    public string? FindRefusal(RunningUpdate update) =>
        _underWay.Values.FirstOrDefault(other =>
            other is { RollbackPending: true, IsEndReported: false }
            && other.Containers[0] != update.Containers[0]
            && other.Containers.Any(update.Containers.Contains)) is { } stuck
            ? $"it shares its network with {stuck.Name}, whose old container cannot be restored yet" : null;

    /// <summary>Runs a part of an update in the lanes of all its containers.</summary>
    /// <param name="update">The update.</param>
    /// <param name="work">The part.</param>
    public Task<T> InLanesAsync<T>(RunningUpdate update, Func<Task<T>> work)
    {
        async Task<T> WorkAsync()
        {
            var state = await work();
            update.RollbackPending = state is UpdateState { IsRollbackPending: true }; // Before the lanes are free for operations that read it.
            return state;
        }

        Stopping.ThrowIfCancellationRequested();
        return lanes.RunAsync(update.Containers.Select(UpdateCommand.LaneOf), WorkAsync);
    }

    /// <summary>Stops the running updates at the next point from which the journal can be recovered.</summary>
    public void Stop() => _stopping.Cancel();

    /// <summary>
    /// Completes when no update is running, or after <paramref name="limit"/>. To be called after <see cref="Stop"/>. What is still running then is recovered
    /// by the next start.
    /// </summary>
    public async Task WhenEndedAsync(TimeSpan limit)
    {
        try
        {
            await Task.WhenAll([.. _underWay.Values.Select(update => update.Work), updater.LateEffects.WhenEndedAsync()]).WaitAsync(limit, time);
        }
        catch (TimeoutException)
        {
            Log.Left(logger, string.Join(", ", _underWay.Values.Select(update => update.Name)));
        }
    }

    public void Dispose()
    {
        _places.Dispose();
        _stopping.Dispose();
    }

    /// <summary>One update from its first phase to its end, with as many tries as its rollback needs.</summary>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "The failure of one update is reported, and ends nothing else.")]
    private async Task RunAsync(RunningUpdate update, Func<Task<UpdateState>> begin)
    {
        var accepted = update.Accepted;
        try
        {
            var state = await InPlaceAsync(begin);
            while (state.IsRollbackPending)
            {
                await Task.Delay(RetryInterval, time, Stopping);
                var pending = state;
                state = await InPlaceAsync(() => InLanesAsync(update, () => updater.RunAsync(pending, Stopping)));
            }
        }
        catch (OperationCanceledException) when (Stopping.IsCancellationRequested)
        {
            // The agent stops. What was begun is in the journal, and the next start recovers it.
            if (store.IsAccepted(accepted.Id))
            {
                Fail(update, "the agent was stopped before anything was changed; ask again");
            }
        }
        catch (Exception e) when (e is EngineException or CommandException)
        {
            UpdateLog.Failed(logger, update.Name, e.Message);
            if (e is RefusedException { Decision: var refusal })
            {
                report.Refused(accepted.ContainerId, refusal);
            }

            Fail(update, e.Message);
        }
        catch (Exception e)
        {
            Log.Unforeseen(logger, e, update.Name);
            update.IsEndReported = true;
            report.Failed(accepted.ContainerId, UpdateStages.Failed, $"Failed to update {update.Name}", "internal error: " + e.Message);
        }
        finally
        {
            store.NoLongerAccepted(accepted.Id, accepted.Name);
            _underWay.TryRemove(accepted.Id, out _);
            updater.LateEffects.Begin(Stopping);
        }
    }

    private void Fail(RunningUpdate update, string reason)
    {
        update.IsEndReported = true;
        Fail(update.Accepted, reason);
    }

    private void Fail(AcceptedUpdate update, string reason) =>
        report.Failed(update.ContainerId, UpdateStages.Failed, $"Failed to update {update.Name}: {reason}", reason);

    /// <summary>Runs a part of an update in one of the places for updates. Never called from within a lane: the updates in the places wait for lanes.</summary>
    private async Task<UpdateState> InPlaceAsync(Func<Task<UpdateState>> work)
    {
        await _places.WaitAsync(Stopping);
        try
        {
            return await work();
        }
        finally
        {
            _places.Release();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            507,
            LogLevel.Error,
            "The update of {Container} failed with an unexpected error; its journal is kept, and the next start of the agent recovers it")]
        public static partial void Unforeseen(ILogger logger, Exception exception, string container);

        [LoggerMessage(514, LogLevel.Warning, "Updates left in the middle of a step, to be ended by the next start of the agent: {Containers}")]
        public static partial void Left(ILogger logger, string containers);

        [LoggerMessage(521, LogLevel.Warning, "The update of {Container} was interrupted before anything was changed")]
        public static partial void NeverBegun(ILogger logger, string container);
    }
}
