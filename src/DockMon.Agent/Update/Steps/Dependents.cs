using System.Text.Json.Nodes;
using DockMon.Agent.Commands;
using DockMon.Agent.Json;
using DockMon.Agent.Update.Journal;
using DockMon.Agent.Update.Planning;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Update.Steps;

/// <summary>
/// The containers that share namespaces of one that is updated (see <see cref="Namespaces"/>): their settings have its id, so they have to be recreated.
/// </summary>
internal sealed partial class Dependents(EngineClient engine, UpdateStore store, ContainerSwap swap, RetryingSwap retrying, ILogger logger)
{
    private const int Tries = 3;

    private static readonly TimeSpan BackLimit = TimeSpan.FromSeconds(30);

    /// <summary>Recreates the dependents with the namespaces of the successor. Those that ran are started.</summary>
    /// <param name="main">The journal of the container whose namespaces they share.</param>
    /// <param name="found">Called with their number, if there are any.</param>
    /// <param name="stopping">Cancels waiting.</param>
    /// <returns>The names of those that could not be recreated, or that ran and could not be started.</returns>
    public async Task<IReadOnlyList<string>> RecreateAsync(UpdateJournal main, Action<int> found, CancellationToken stopping)
    {
        if (main.Dependents is { Count: > 0 } dependents)
        {
            found(dependents.Count);
        }

        var begun = store.Read().Where(own => own.DependentOf == main.OldId).ToDictionary(own => own.OldId, StringComparer.Ordinal);
        var successors = new Dictionary<string, string>(StringComparer.Ordinal) { [main.OldId] = main.NewId!, [main.Name] = main.NewId! };
        var failed = new List<string>();
        foreach (var dependent in main.Dependents ?? [])
        {
            begun.Remove(dependent.Id, out var earlier);
            try
            {
                if (!await RecreateOneAsync(main, dependent, earlier, successors, stopping))
                {
                    failed.Add(dependent.Name);
                }
            }
            catch (Exception e) when (e is EngineException or CommandException)
            {
                Log.DependentFailed(logger, dependent.Name, e.Message);
                failed.Add(dependent.Name);
            }
        }

        foreach (var removed in begun.Values)
        {
            store.Remove(removed); // Somebody removed the container.
        }

        return failed;
    }

    /// <summary>
    /// Restarts the dependents after a rollback: a container that was stopped and started has new namespaces. Some dependents have ended with it.
    /// </summary>
    public async Task RestartAsync(UpdateJournal main, CancellationToken stopping)
    {
        if (main is not { StopBegan: true, WasRunning: true })
        {
            return;
        }

        foreach (var dependent in (main.Dependents ?? []).Where(dependent => dependent.WasRunning))
        {
            try
            {
                await retrying.RetryWhileUnavailableAsync(() => engine.RestartContainerAsync(dependent.Id, main.StopTimeout, CancellationToken.None), stopping);
            }
            catch (EngineException e)
            {
                Log.DependentFailed(logger, dependent.Name, e.Message);
            }
        }
    }

    /// <summary>Rolls back the dependents that were begun, after their main update was abandoned.</summary>
    public async Task AbandonAsync(UpdateJournal main, CancellationToken stopping)
    {
        foreach (var own in store.Read().Where(own => own.DependentOf == main.OldId))
        {
            if (await IsInPlaceAsync(own, stopping))
            {
                store.Remove(own);
                continue;
            }

            if (await TryRollBackAsync(own, stopping) is { } left)
            {
                await RollBackAsync(left, stopping); // The container whose namespace it shares may be gone: it is restored, but cannot be started.
            }

            store.End(own with { Step = UpdateStep.GoingBack });
        }
    }

    private async Task<bool> RecreateOneAsync(
        UpdateJournal main, Dependent dependent, UpdateJournal? earlier, Dictionary<string, string> successors, CancellationToken stopping)
    {
        if (earlier is not null && await IsInPlaceAsync(earlier, stopping))
        {
            return await FinishAsync(earlier, successors, stopping);
        }

        if (earlier is not null)
        {
            await RollBackAsync(earlier, stopping);
        }

        if (await FindAsync(dependent.Id, stopping) is not { } inspected)
        {
            // Recreated before the agent was killed, or removed by somebody.
            if (await swap.FindAsync(dependent.Name, stopping) is { } there)
            {
                successors[dependent.Id] = successors[dependent.Name] = there.Id;
            }

            return true;
        }

        var own = OpenJournal(main, dependent, inspected, earlier);
        Namespaces.Replace(inspected, owner => successors.GetValueOrDefault(owner));
        for (var tries = 1; ; tries++)
        {
            var (journal, failure) = await TrySwapAsync(own, inspected, stopping);
            if (failure is null)
            {
                return await FinishAsync(journal, successors, stopping);
            }

            // The old container is restored with its name and its data, although it cannot be started any more.
            await RollBackAsync(journal, stopping);
            var isTransient = RetryingSwap.IsTransient(failure);
            if (!isTransient || tries == Tries)
            {
                Log.DependentFailed(logger, own.Name, failure.Message);
                store.End(journal with { Step = UpdateStep.GoingBack, StaysDown = true, CreateEnded = journal.CreateEnded || !isTransient });
                return false;
            }
        }
    }

    private static UpdateJournal OpenJournal(UpdateJournal main, Dependent dependent, JsonObject inspected, UpdateJournal? earlier)
    {
        var own = UpdateJournal.Open(new ContainerId(dependent.Id).Short, inspected, main.StopTimeout, main.HealthTimeout) with { DependentOf = main.OldId };
        own = own with { WasRunning = own.WasRunning || dependent.WasRunning };
        // An agent that was killed has stopped it, so its state says nothing.
        return earlier is null ? own : own with
        {
            WasPaused = earlier.WasPaused,
            RestartPolicy = earlier.RestartPolicy,
            RemovesItself = earlier.RemovesItself,
            Recreate = earlier.Recreate,
            RecreateNetworks = earlier.RecreateNetworks,
        };
    }

    /// <returns>The last journal, and what failed after it; null if the successor has the name.</returns>
    private async Task<(UpdateJournal Journal, Exception? Failure)> TrySwapAsync(UpdateJournal own, JsonObject inspected, CancellationToken stopping)
    {
        var journal = own;
        try
        {
            journal = store.Open(own);
            var plan = UpdatePlanner.Plan(inspected, await engine.InspectImageOfAsync(inspected, stopping), await SameImageAsync(inspected, stopping));
            journal = store.Save(journal with { CreateEnded = true, NewId = await swap.CreateAsync(own.TemporaryName, plan, CancellationToken.None) });
            journal = store.Save(journal with { Step = UpdateStep.Swapping, StopBegan = true });
            await swap.SwapAsync(journal, CancellationToken.None);
            return (journal, null);
        }
        catch (Exception e) when (e is EngineException or CommandException)
        {
            return (journal, e);
        }
    }

    /// <summary>
    /// Starts the successor, which has the name, and removes the old container. A successor that does not start is kept: it can be started later, the old one
    /// cannot.
    /// </summary>
    private async Task<bool> FinishAsync(UpdateJournal own, Dictionary<string, string> successors, CancellationToken stopping)
    {
        successors[own.OldId] = successors[own.Name] = own.NewId!;
        var runs = await StartAsync(own, stopping);
        own = store.SaveIfPossible(own with { Step = UpdateStep.Healthy });
        await retrying.CleanUpAsync(own, stopping);
        store.End(own);
        return runs;
    }

    private async Task<bool> StartAsync(UpdateJournal own, CancellationToken stopping)
    {
        try
        {
            await retrying.RetryAsync(() => swap.StartAsync(own, CancellationToken.None), stopping);
            if (own.WasPaused)
            {
                await swap.PauseAsync(own.NewId!, CancellationToken.None);
            }

            return true;
        }
        catch (EngineException e)
        {
            Log.DependentFailed(logger, own.Name, e.Message);
            return false;
        }
    }

    private async Task<bool> IsInPlaceAsync(UpdateJournal own, CancellationToken stopping)
    {
        var inPlace = false;
        await retrying.RetryWhileUnavailableAsync(
            async () => inPlace = own.NewId is { } id && await swap.FindAsync(id, stopping) is { } successor && successor.Name == own.Name, stopping);
        return inPlace;
    }

    private async Task RollBackAsync(UpdateJournal own, CancellationToken stopping)
    {
        UpdateJournal? left = own with { StaysDown = true };
        while (left is not null)
        {
            left = await TryRollBackAsync(left, stopping);
        }
    }

    /// <returns>The journal for the next try; null if it is rolled back.</returns>
    private async Task<UpdateJournal?> TryRollBackAsync(UpdateJournal own, CancellationToken stopping)
    {
        try
        {
            return (await retrying.RollBackAsync(own, BackLimit, _ => { }, stopping)).Left;
        }
        catch (CommandException e)
        {
            Log.DependentFailed(logger, own.Name, e.Message); // Somebody removed the container.
            return null;
        }
    }

    private Task<string> SameImageAsync(JsonObject dependent, CancellationToken ct) => SameImage.ReferenceAsync(
        engine, dependent["Config"].Member("Image").FindText() ?? "", dependent.GetText("Image"), dependent.GetText("Name").TrimStart('/'), logger, ct);

    /// <summary>Docker's inspect object of a container; null if there is none.</summary>
    private async Task<JsonObject?> FindAsync(string id, CancellationToken stopping)
    {
        JsonObject? found = null;
        await retrying.RetryAsync(
            async () =>
            {
                try
                {
                    found = await engine.InspectContainerJsonAsync(id, stopping);
                }
                catch (EngineException e) when (e.IsMissing)
                {
                    found = null;
                }
            },
            stopping);
        return found;
    }

    private static partial class Log
    {
        [LoggerMessage(504, LogLevel.Error, "{Container}, which shares the network of an updated container, could not be recreated: {Reason}")]
        public static partial void DependentFailed(ILogger logger, string container, string reason);
    }
}
