using System.Collections.Concurrent;
using DockMon.Agent.Threading;
using DockMon.Agent.Update.Journal;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Update.Steps;

/// <summary>
/// The steps that are tried until they succeed: a restart of the engine, or a port that is taken for ten seconds, must not leave a container stopped.
/// </summary>
internal sealed partial class RetryingSwap(ContainerSwap swap, Random random, TimeProvider time, ILogger logger)
{
    private const int Tries = 5;

    private readonly ConcurrentDictionary<string, FailureLog> _failures = new(StringComparer.Ordinal);

    /// <summary>Restores what was there before the update.</summary>
    /// <param name="journal">The update.</param>
    /// <param name="limit">How long to try; zero for one try.</param>
    /// <param name="refused">Called with each new reason why it cannot be done yet.</param>
    /// <param name="stopping">Cancels the wait between two tries.</param>
    /// <returns>The journal for the next try, null if it is done; and the id of the restored container.</returns>
    public async Task<(UpdateJournal? Left, string Id)> RollBackAsync(UpdateJournal journal, TimeSpan limit, Action<string> refused, CancellationToken stopping)
    {
        var backoff = NewBackoff();
        var failures = _failures.GetOrAdd(journal.OldId, _ => new FailureLog());
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                journal = await swap.FinishStopAsync(journal, CancellationToken.None);
                var id = await swap.RollBackAsync(journal, CancellationToken.None);
                _failures.TryRemove(journal.OldId, out _);
                return (null, id);
            }
            catch (EngineException e)
            {
                if (failures.ShouldReport(e.Message, out var count))
                {
                    Log.CannotRollBack(logger, journal.Name, e.Message, count);
                    refused(e.Message);
                }

                if (time.GetElapsedTime(started) >= limit)
                {
                    return (journal, journal.OldId);
                }
            }

            await Task.Delay(backoff.Next(), time, stopping);
        }
    }

    /// <summary>Removes the old container. If that fails, it is left under its backup name, and logged.</summary>
    public async Task CleanUpAsync(UpdateJournal journal, CancellationToken stopping)
    {
        try
        {
            await RetryAsync(() => swap.RemoveAsync(journal.OldId, CancellationToken.None), stopping);
        }
        catch (EngineException e)
        {
            Log.LeftBehind(logger, journal.BackupName, e.Message);
        }
    }

    /// <summary>Runs an action as soon as the engine answers, up to five times: a device, for example, may be busy for a moment.</summary>
    public async Task RetryAsync(Func<Task> action, CancellationToken stopping)
    {
        var backoff = NewBackoff();
        for (var tries = 1; ; tries++)
        {
            try
            {
                await RetryWhileUnavailableAsync(action, stopping);
                return;
            }
            catch (EngineException) when (tries < Tries)
            {
                await Task.Delay(backoff.Next(), time, stopping);
            }
        }
    }

    /// <summary>Runs an action as soon as the engine answers.</summary>
    public async Task RetryWhileUnavailableAsync(Func<Task> action, CancellationToken stopping)
    {
        var backoff = NewBackoff();
        while (true)
        {
            try
            {
                await action();
                return;
            }
            catch (EngineException e) when (IsTransient(e))
            {
                await Task.Delay(backoff.Next(), time, stopping);
            }
        }
    }

    /// <summary>Whether the engine gave no answer at all, which says nothing about a container: it may be restarting.</summary>
    public static bool IsTransient(Exception e) => e is EngineUnavailableException or EngineTimeoutException;

    private Backoff NewBackoff() => new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), random);

    private static partial class Log
    {
        [LoggerMessage(502, LogLevel.Warning, "The old container could not be removed and is left as {Name}: {Reason}")]
        public static partial void LeftBehind(ILogger logger, string name, string reason);

        [LoggerMessage(503, LogLevel.Error, "{Container} cannot be restored yet: {Reason} (failed attempts for this reason: {Count})")]
        public static partial void CannotRollBack(ILogger logger, string container, string reason, int count);
    }
}
