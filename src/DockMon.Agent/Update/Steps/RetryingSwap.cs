using System.Collections.Concurrent;
using DockMon.Agent.Threading;
using DockMon.Agent.Update.Journal;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Update.Steps;

/// <summary>What must be brought to its end however often it fails: a daemon that is restarted, or a port that is taken for ten seconds, must not leave a container down.</summary>
internal sealed partial class RetryingSwap(ContainerSwap swap, Random random, TimeProvider time, ILogger logger)
{
    private const int Tries = 5;

    private readonly ConcurrentDictionary<string, FailureLog> _failures = new(StringComparer.Ordinal);

    /// <summary>Makes everything as it was before the update.</summary>
    /// <param name="journal">The update.</param>
    /// <param name="limit">How long to try; zero for once.</param>
    /// <param name="refused">Told each new reason why it cannot be done yet.</param>
    /// <param name="stopping">Ends the waiting between two tries.</param>
    /// <returns>The journal to go on with later, null when it is done; and then the id of the container that is there.</returns>
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
                    Log.CannotGoBack(logger, journal.Name, e.Message, count);
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

    /// <summary>Removes the old container. One that cannot be removed is left, under its backup name, and said so.</summary>
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

    /// <summary>Does something as soon as there is an engine that answers, up to five times: a device, say, may be busy for a moment.</summary>
    public async Task RetryAsync(Func<Task> act, CancellationToken stopping)
    {
        var backoff = NewBackoff();
        for (var tries = 1; ; tries++)
        {
            try
            {
                await RetryWhileUnavailableAsync(act, stopping);
                return;
            }
            catch (EngineException) when (tries < Tries)
            {
                await Task.Delay(backoff.Next(), time, stopping);
            }
        }
    }

    /// <summary>Does something as soon as there is an engine that answers.</summary>
    public async Task RetryWhileUnavailableAsync(Func<Task> act, CancellationToken stopping)
    {
        var backoff = NewBackoff();
        while (true)
        {
            try
            {
                await act();
                return;
            }
            catch (EngineException e) when (IsTransient(e))
            {
                await Task.Delay(backoff.Next(), time, stopping);
            }
        }
    }

    /// <summary>Whether there was no answer at all: a daemon that is restarted says nothing about a container.</summary>
    public static bool IsTransient(Exception e) => e is EngineUnavailableException or EngineTimeoutException;

    private Backoff NewBackoff() => new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), random);

    private static partial class Log
    {
        [LoggerMessage(502, LogLevel.Warning, "The old container could not be removed and is left as {Name}: {Reason}")]
        public static partial void LeftBehind(ILogger logger, string name, string reason);

        [LoggerMessage(503, LogLevel.Error, "{Container} cannot be brought back yet: {Reason} (failed tries for this reason: {Count})")]
        public static partial void CannotGoBack(ILogger logger, string container, string reason, int count);
    }
}
