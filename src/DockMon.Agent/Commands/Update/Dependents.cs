using System.Text.Json.Nodes;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Commands.Update;

/// <summary>The containers that share the network of one that is updated (<c>network_mode: container:…</c>): they name it by its id, and so have to be made anew.</summary>
internal sealed class Dependents(EngineClient engine, UpdateStore store, ContainerSwap swap, RetryingSwap retrying, ILogger logger)
{
    private const int Tries = 3;

    private static readonly TimeSpan BackLimit = TimeSpan.FromSeconds(30);

    /// <summary>Brings them over to the successor; they run only if they ran.</summary>
    /// <param name="main">The update of the container they depend on.</param>
    /// <param name="found">Told how many there are, if any.</param>
    /// <param name="stopping">Ends waiting.</param>
    /// <returns>The names of those that could not be brought over. They are there as they were, but do not run.</returns>
    public async Task<IReadOnlyList<string>> BringAsync(UpdateJournal main, Action<int> found, CancellationToken stopping)
    {
        var earlier = store.Read().Where(own => own.DependentOf == main.OldId).ToDictionary(own => own.Name, StringComparer.Ordinal);
        foreach (var own in earlier.Values)
        {
            await TakeBackAsync(own, stopping);
        }

        var failed = new List<string>();
        List<JsonObject> dependents = [];
        try
        {
            dependents = await ListAsync(main, stopping);
        }
        catch (EngineException e)
        {
            Log.DependentsUnknown(logger, main.Name, e.Message);
            failed.Add($"those that share the network of {main.Name}, which cannot be found: {e.Message}");
        }

        if (dependents.Count > 0)
        {
            found(dependents.Count);
        }

        foreach (var dependent in dependents)
        {
            var name = UpdatePlanner.Text(dependent, "Name").TrimStart('/');
            earlier.Remove(name, out var begun);
            if (!await BringOneAsync(main, dependent, begun, stopping))
            {
                failed.Add(name);
            }
        }

        foreach (var gone in earlier.Values)
        {
            store.Remove(gone); // It was over already, or somebody removed it.
        }

        return failed;
    }

    /// <summary>After a stop and a start of the old container its network is another one, which those that share it do not see before they start again.</summary>
    public async Task RestartAsync(UpdateJournal main, CancellationToken stopping)
    {
        if (main is not { StopBegan: true, WasRunning: true })
        {
            return;
        }

        try
        {
            foreach (var dependent in await ListAsync(main, stopping))
            {
                if (dependent["State"]?["Running"]?.GetValue<bool>() == true)
                {
                    await RestartOneAsync(main, dependent, stopping);
                }
            }
        }
        catch (EngineException e)
        {
            Log.DependentsUnknown(logger, main.Name, e.Message);
        }
    }

    private async Task RestartOneAsync(UpdateJournal main, JsonObject dependent, CancellationToken stopping)
    {
        try
        {
            await retrying.WhileAwayAsync(() => engine.RestartContainerAsync(UpdatePlanner.Text(dependent, "Id"), main.StopTimeout, CancellationToken.None), stopping);
        }
        catch (EngineException e)
        {
            Log.DependentFailed(logger, UpdatePlanner.Text(dependent, "Name"), e.Message);
        }
    }

    private async Task<bool> BringOneAsync(UpdateJournal main, JsonObject dependent, UpdateJournal? begun, CancellationToken stopping)
    {
        var own = UpdateJournal.Open(UpdatePlanner.ShortId(UpdatePlanner.Text(dependent, "Id")), dependent, main.StopTimeout, main.HealthTimeout) with { DependentOf = main.OldId };
        if (begun is not null)
        {
            // A killed agent left it stopped.
            own = own with { WasRunning = begun.WasRunning, WasPaused = begun.WasPaused, RestartPolicy = begun.RestartPolicy, Recreate = begun.Recreate, RecreateNetworks = begun.RecreateNetworks };
        }

        dependent["HostConfig"]!["NetworkMode"] = "container:" + main.NewId;
        for (var tries = 1; ; tries++)
        {
            var step = own;
            try
            {
                step = store.Save(own);
                var plan = UpdatePlanner.Plan(dependent, await ContainerUpdater.ImageOfAsync(engine, dependent, stopping), await SameImageAsync(dependent, stopping));
                step = store.Save(step with { NewId = await swap.CreateAsync(own.TemporaryName, plan, CancellationToken.None) });
                step = store.Save(step with { Step = UpdateStep.Swapping, StopBegan = true });
                await swap.SwapAsync(step, CancellationToken.None);
                if (step.WasPaused)
                {
                    await swap.PauseAsync(step.NewId!, CancellationToken.None);
                }

                step = store.SaveIfPossible(step with { Step = UpdateStep.Healthy });
                await retrying.CleanUpAsync(step, stopping);
                store.Remove(step);
                return true;
            }
            catch (Exception e) when (e is EngineException or CommandException)
            {
                // Its old self cannot be started any more, but it is there, with its name and its data.
                await TakeBackAsync(step, stopping);
                if (e is EngineException refused && RetryingSwap.IsAway(refused) && tries < Tries)
                {
                    continue;
                }

                Log.DependentFailed(logger, own.Name, e.Message);
                store.Remove(own);
                return false;
            }
        }
    }

    private async Task TakeBackAsync(UpdateJournal own, CancellationToken stopping)
    {
        if (own.Step == UpdateStep.Healthy)
        {
            await retrying.CleanUpAsync(own, stopping);
            return;
        }

        try
        {
            UpdateJournal? left = own with { StaysDown = true };
            while (left is not null)
            {
                left = await retrying.GoBackAsync(left, BackLimit, _ => { }, stopping);
            }
        }
        catch (CommandException e)
        {
            Log.DependentFailed(logger, own.Name, e.Message); // Somebody removed it.
        }
    }

    private async Task<List<JsonObject>> ListAsync(UpdateJournal main, CancellationToken stopping)
    {
        var found = new List<JsonObject>();
        await retrying.SeveralTimesAsync(
            async () =>
            {
                found.Clear();
                foreach (var item in JsonNode.Parse(await engine.ListContainersRawAsync(all: true, stopping))!.AsArray().OfType<JsonObject>())
                {
                    if (item["HostConfig"] is JsonObject host && UpdatePlanner.Text(host, "NetworkMode") is var mode && (mode == "container:" + main.OldId || mode == "container:" + main.Name)
                        && await FindAsync(UpdatePlanner.Text(item, "Id"), stopping) is { } dependent)
                    {
                        found.Add(dependent);
                    }
                }
            },
            stopping);
        return found;
    }

    /// <summary>Docker's inspect object of a container; null when somebody removed it since it was listed.</summary>
    private async Task<JsonObject?> FindAsync(string id, CancellationToken ct)
    {
        try
        {
            return await ContainerUpdater.InspectAsync(engine, id, ct);
        }
        catch (EngineException e) when (e.IsMissing)
        {
            return null;
        }
    }

    /// <summary>The image of a dependent: by its name where that still means it, for a newer one may have been pulled under it since.</summary>
    private async Task<string> SameImageAsync(JsonObject dependent, CancellationToken ct)
    {
        var (name, id) = (UpdatePlanner.Text((JsonObject)dependent["Config"]!, "Image"), UpdatePlanner.Text(dependent, "Image"));
        try
        {
            var meant = JsonNode.Parse(await engine.InspectImageRawAsync(name, ct))!.AsObject();
            if (ImageIdOf(meant["Id"]) == ImageIdOf(dependent["Image"]))
            {
                return name;
            }
        }
        catch (EngineException e) when (e.IsMissing)
        {
            // The name means none any more.
        }

        Log.ImageMoved(logger, UpdatePlanner.Text(dependent, "Name"), name);
        return id;
    }

    // Podman writes it with "sha256:" in one place and without in another.
    private static string ImageIdOf(JsonNode? id) => id!.GetValue<string>().Split(':')[^1];
}
