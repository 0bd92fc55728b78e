using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using DockMon.Agent.Commands;
using DockMon.Agent.Update.Journal;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Update;

/// <summary>
/// The updates under way, four at a time, each from its promise to its end. What touches containers is done in the lanes of all of them, so that
/// no other operation on one of them is done in between.
/// </summary>
internal sealed partial class UpdateQueue(ContainerUpdater updater, UpdateStore store, UpdateReporter report, Lanes lanes, TimeProvider time, ILogger logger) : IDisposable
{
    private const int Width = 4;

    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _places = new(Width);
    private readonly ConcurrentDictionary<string, RunningUpdate> _underWay = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Whether no update is under way.</summary>
    public bool IsEmpty => _underWay.IsEmpty;

    /// <summary>Fires when the agent stops.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Begins to end what an earlier run of the agent began.</summary>
    public void Recover()
    {
        // Those of dependents are taken up by the update they belong to. One that was told how it ended has nothing to do but to be looked at once more.
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
                new AcceptedUpdate(journal.OldId, journal.Name, journal.ContainerId), [journal.OldId, journal.SharedWith, .. (journal.Dependents ?? []).Select(dependent => dependent.Id)]);
            _underWay[journal.OldId] = update;
            update.Work = RunAsync(update, () => InLanesAsync(update, () => updater.RecoverAsync(update, journal, Stopping)));
        }

        updater.LateEffects.Begin(Stopping);
    }

    /// <summary>Promises an update and begins with it.</summary>
    /// <param name="update">The update.</param>
    /// <param name="work">All of it.</param>
    /// <param name="ct">Cancels the wait for an earlier update of the container that has to clear up.</param>
    /// <exception cref="CommandException">It cannot be promised.</exception>
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

    /// <summary>Sees to it that no other update is of the very container: one that was made anew meanwhile has two ids.</summary>
    /// <exception cref="CommandException">There is one.</exception>
    public void EnsureAlone(RunningUpdate update)
    {
        if (_underWay.Values.Any(other => other != update && !other.IsEndReported && other.Containers[0] == update.Containers[0]))
        {
            throw new CommandException($"an update of {update.Name} is already under way");
        }
    }

    /// <summary>Why an update cannot be done before another one has come to its end; null when it can.</summary>
    public string? FindRefusal(RunningUpdate update) =>
        _underWay.Values.FirstOrDefault(other => other is { RollbackPending: true, IsEndReported: false } && other.Containers[0] != update.Containers[0] && other.Containers.Any(update.Containers.Contains)) is { } stuck
            ? $"it shares its network with {stuck.Name}, whose old container cannot be brought back yet" : null;

    /// <summary>Does a part of an update in the lanes of all its containers.</summary>
    /// <param name="update">The update.</param>
    /// <param name="work">The part.</param>
    public Task<T> InLanesAsync<T>(RunningUpdate update, Func<Task<T>> work)
    {
        async Task<T> WorkAsync()
        {
            var state = await work();
            update.RollbackPending = state is UpdateState { IsRollbackPending: true }; // Before the lanes are another's, who looks at it.
            return state;
        }

        Stopping.ThrowIfCancellationRequested();
        return lanes.RunAsync(update.Containers.Select(UpdateCommand.LaneOf), WorkAsync);
    }

    /// <summary>Updates under way go to the next point where nothing is in between, and the journal has the rest.</summary>
    public void Stop() => _stopping.Cancel();

    /// <summary>Completes when no update is under way, or after <paramref name="limit"/>; asked for after <see cref="Stop"/>. An update that is in the middle of a step then is ended by the next start.</summary>
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

    /// <summary>One update from its first step to its end, with as many tries as its way back needs.</summary>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "The failure of one update is told, and ends nothing else.")]
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
            // The agent stops. What was begun is in the journal, and the next start ends it.
            if (store.IsAccepted(accepted.Id))
            {
                Fail(update, "the agent was stopped before anything was changed; ask again");
            }
        }
        catch (Exception e) when (e is EngineException or CommandException)
        {
            UpdateLog.Failed(logger, update.Name, e.Message);
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

    private void Fail(AcceptedUpdate update, string reason) => report.Failed(update.ContainerId, UpdateStages.Failed, $"Failed to update {update.Name}: {reason}", reason);

    /// <summary>Does something in one of the places for updates. Nobody waits for one in a lane: those in the places need the lanes to get on.</summary>
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
        [LoggerMessage(507, LogLevel.Error, "The update of {Container} failed in a way nobody foresaw; its journal is kept, and the next start ends it")]
        public static partial void Unforeseen(ILogger logger, Exception exception, string container);

        [LoggerMessage(514, LogLevel.Warning, "Left in the middle of a step, to be ended by the next start of the agent: {Containers}")]
        public static partial void Left(ILogger logger, string containers);

        [LoggerMessage(521, LogLevel.Warning, "The update of {Container} was interrupted before anything was changed")]
        public static partial void NeverBegun(ILogger logger, string container);
    }
}
