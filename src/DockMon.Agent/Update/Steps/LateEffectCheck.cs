using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using DockMon.Agent.Commands;
using DockMon.Agent.Update.Journal;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Update.Steps;

/// <summary>
/// The check of the containers of ended updates, a few times after the end. A request that was running when an agent was killed, or that timed out, may take
/// effect after recovery; and an engine that lost power may have forgotten the last requests. See docs/recovery.md.
/// </summary>
internal sealed partial class LateEffectCheck(ContainerSwap swap, UpdateStore store, Lanes lanes, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan[] Usual = [TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(60)];

    /// <summary>A request to create that was not answered may still be running for as long as it may take.</summary>
    private static readonly TimeSpan[] Patient =
        [.. Usual, .. Enumerable.Range(2, (int)EngineClient.WorkLimit.TotalMinutes).Select(minutes => TimeSpan.FromMinutes(minutes))];

    private readonly ConcurrentDictionary<(string Id, DateTimeOffset? EndedAt), Task> _looking = new();

    /// <summary>Starts the check of every ended update that is not being checked already.</summary>
    public void Begin(CancellationToken stopping)
    {
        foreach (var journal in store.Ended())
        {
            // WhenEndedAsync awaits them. Two checks of the same update would do no harm: they run in the container's lane.
            _ = _looking.GetOrAdd((journal.OldId, journal.EndedAt), _ => CheckAsync(journal, stopping));
        }
    }

    /// <summary>Completes when no check is running.</summary>
    public Task WhenEndedAsync() => Task.WhenAll(_looking.Values);

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "An unexpected error of one check is logged, and ends no other.")]
    private async Task CheckAsync(UpdateJournal journal, CancellationToken stopping)
    {
        await Task.Yield();
        try
        {
            var began = time.GetTimestamp();
            var (goesOn, problem) = (true, "");
            foreach (var moment in journal is { NewId: null, CreateEnded: false } ? Patient : Usual)
            {
                var wait = moment - time.GetElapsedTime(began);
                await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, time, stopping);
                (goesOn, problem) = await lanes.RunAsync(UpdateCommand.LaneOf(journal.OldId), () => CheckOnceAsync(journal, stopping));
                if (!goesOn)
                {
                    return;
                }
            }

            if (problem.Length > 0)
            {
                UpdateLog.NoLateEffectCheck(logger, journal.Name, problem + "; the next start of the agent tries again");
                return;
            }

            store.Close(journal);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The journal is kept, and the next start of the agent checks again.
        }
        catch (Exception e)
        {
            Log.CheckFailed(logger, e, journal.Name);
        }
        finally
        {
            _looking.TryRemove((journal.OldId, journal.EndedAt), out _);
        }
    }

    private async Task<(bool GoesOn, string Problem)> CheckOnceAsync(UpdateJournal journal, CancellationToken stopping)
    {
        if (!store.IsStillEnded(journal))
        {
            return (false, ""); // Another update of the container has begun, and inspects everything itself.
        }

        try
        {
            await (journal.Step == UpdateStep.Healthy ? CheckFinishedAsync(journal, stopping) : CheckRolledBackAsync(journal, stopping));
            return (true, "");
        }
        catch (Exception e) when (e is EngineException or CommandException)
        {
            return (true, e.Message);
        }
    }

    /// <summary>After a success: the old container and everything but the successor has to be gone.</summary>
    private async Task CheckFinishedAsync(UpdateJournal journal, CancellationToken ct)
    {
        if (await swap.FindAsync(journal.TemporaryName, ct) is { } late && late.Id != journal.NewId)
        {
            await RemoveAsync(journal, late, ct);
        }

        if (await swap.FindAsync(journal.OldId, ct) is { State.Running: false } old
            && old.Name == journal.BackupName
            && await swap.FindAsync(journal.Name, ct) is not null)
        {
            await RemoveAsync(journal, old, ct);
        }
    }

    /// <summary>
    /// After a rollback: the successor has to be gone, and the old container to have its name and its restart policy. Whether it runs is not checked: somebody
    /// may have stopped it.
    /// </summary>
    private async Task CheckRolledBackAsync(UpdateJournal journal, CancellationToken ct)
    {
        var late = await swap.FindAsync(journal.TemporaryName, ct);
        if (await swap.FindAsync(journal.OldId, ct) is not { } old)
        {
            // Somebody removed it, or the rollback recreated it under the name.
            if (late is not null)
            {
                await RemoveAsync(journal, late, ct);
            }

            return;
        }

        var successor = journal.NewId is { } id ? await swap.FindAsync(id, ct) : null;
        string?[] found =
        [
            late is null ? null : $"{late.Name} exists",
            successor is null || successor.Id == late?.Id ? null : $"its successor exists as {successor.Name}",
            old.Name == journal.BackupName && old.Name != journal.Name ? $"it is called {old.Name}" : null,
            journal is { StopBegan: true, RestartPolicy: { } policy } && old.HostConfig.RestartPolicy.Name is "" or "no"
                ? $"it has lost its restart policy {policy.Name}"
                : null,
        ];
        if (found.OfType<string>().ToList() is { Count: > 0 } all)
        {
            Log.FoundLate(logger, journal.Name, string.Join(", ", all));
            // If the successor has the name again, the whole rollback was undone, the start of the old container included.
            await swap.RollBackAsync(journal with { StaysDown = journal.StaysDown || successor?.Name != journal.Name }, ct);
        }
    }

    private async Task RemoveAsync(UpdateJournal journal, ContainerInspection left, CancellationToken ct)
    {
        Log.FoundLate(logger, journal.Name, $"{left.Name} exists");
        await swap.RemoveAsync(left.Id, ct);
    }

    private static partial class Log
    {
        [LoggerMessage(
            518,
            LogLevel.Warning,
            "After the end of the update of {Container} a pending request took effect, or a power failure undid the end: {Found}; this is corrected")]
        public static partial void FoundLate(ILogger logger, string container, string found);

        [LoggerMessage(
            519,
            LogLevel.Error,
            "The check for late effects of the update of {Container} failed with an unexpected error; the next start of the agent checks again")]
        public static partial void CheckFailed(ILogger logger, Exception exception, string container);
    }
}
