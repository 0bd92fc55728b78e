using System.Net;
using System.Text.Json.Nodes;
using DockMon.Agent.Connection;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Commands.Update;

/// <summary>
/// One update from its journal's first step to its end, forward or back. The journal is written before each step that changes something, so that
/// whatever stops the agent, the next one knows what to look for.
/// </summary>
internal sealed class ContainerUpdater(EngineClient engine, UpdateStore store, UpdateReporter report, Random random, TimeProvider time, ILogger<ContainerUpdater> logger)
{
    private readonly ContainerSwap _swap = new(engine, time);
    private readonly HealthWatch _watch = new(engine, time);

    /// <summary>Puts a container running <paramref name="image"/> in the place of an inspected one, and takes the containers that share its network along.</summary>
    /// <exception cref="EngineException">It was refused before anything was changed.</exception>
    public async Task ReplaceAsync(string containerId, JsonObject inspected, string image, int stopTimeout, TimeSpan healthLimit, CancellationToken stopping)
    {
        report.Progress(containerId, UpdateStages.Configuring, "Reading the container's configuration");
        var plan = UpdatePlanner.Plan(inspected, await ImageOfAsync(inspected, stopping), image);
        foreach (var reason in plan.Reasons)
        {
            Log.Planned(logger, containerId, reason);
        }

        var journal = store.Save(Open(containerId, inspected, stopTimeout, isDependent: false));
        report.Progress(containerId, UpdateStages.Backup, "The container runs on; it stays as the backup until its successor works");
        report.Progress(containerId, UpdateStages.Creating, $"Creating its successor from {image}");
        try
        {
            journal = store.Save(journal with { NewId = await _swap.CreateAsync(journal.TemporaryName, plan, CancellationToken.None) });
        }
        catch (Exception e) when (e is EngineException)
        {
            await GoBackAsync(journal with { Failure = $"failed to create the new container: {e.Message}" }, stopping);
            return;
        }

        await SwapAndWatchAsync(journal, healthLimit, stopping);
    }

    /// <summary>Ends what an earlier run of the agent began.</summary>
    public async Task RecoverAsync(UpdateJournal journal, TimeSpan healthLimit, CancellationToken stopping)
    {
        Log.Recovering(logger, journal.Name, journal.Step.ToString());
        switch (journal.Step)
        {
            case UpdateStep.Healthy:
                await FinishAsync(journal, stopping);
                break;
            case UpdateStep.Swapping when await IsInPlaceAsync(journal, stopping):
                await WatchAsync(journal, healthLimit, stopping);
                break;
            default:
                await GoBackAsync(journal with { Failure = journal.Failure ?? "the agent was restarted in the middle of the update" }, stopping);
                break;
        }
    }

    private async Task SwapAndWatchAsync(UpdateJournal journal, TimeSpan healthLimit, CancellationToken stopping)
    {
        journal = store.Save(journal with { Step = UpdateStep.Swapping, StopBegan = true });
        report.Progress(journal.ContainerId, UpdateStages.Starting, journal.WasRunning ? "Stopping the old container and starting the new one" : "Putting the new container in the old one's place");
        try
        {
            // Not to be interrupted: in the middle of it nothing runs.
            await _swap.SwapAsync(journal, CancellationToken.None);
        }
        catch (EngineException e)
        {
            await GoBackAsync(journal with { Failure = $"failed to start the new container: {e.Message}" }, stopping);
            return;
        }

        await WatchAsync(journal, healthLimit, stopping);
    }

    private async Task WatchAsync(UpdateJournal journal, TimeSpan healthLimit, CancellationToken stopping)
    {
        if (journal.WasRunning)
        {
            report.Progress(journal.ContainerId, UpdateStages.HealthCheck, "Waiting until the new container is healthy");
            try
            {
                await _watch.WaitAsync(journal.NewId!, healthLimit, stopping);
                if (journal.WasPaused)
                {
                    await engine.PauseContainerAsync(journal.NewId!, CancellationToken.None);
                }
            }
            catch (Exception e) when (e is EngineException or CommandException)
            {
                await GoBackAsync(journal with { Failure = e.Message }, stopping);
                return;
            }
        }

        await FinishAsync(store.Save(journal with { Step = UpdateStep.Healthy }), stopping);
    }

    private async Task FinishAsync(UpdateJournal journal, CancellationToken stopping)
    {
        var failed = journal.IsDependent ? [] : await BringDependentsAsync(journal, stopping);
        if (!journal.IsDependent)
        {
            report.Progress(journal.ContainerId, UpdateStages.Cleanup, "Removing the old container");
        }

        try
        {
            await _swap.RemoveAsync(journal.OldId, CancellationToken.None);
        }
        catch (EngineException e)
        {
            Log.LeftBehind(logger, journal.BackupName, e.Message);
        }

        if (!journal.IsDependent)
        {
            report.Completed(journal, failed);
        }

        store.Remove(journal);
    }

    /// <summary>Tries to make everything as it was until that succeeds: a port that is taken for ten seconds must not leave a container down.</summary>
    private async Task GoBackAsync(UpdateJournal journal, CancellationToken stopping)
    {
        journal = store.Save(journal with { Step = UpdateStep.GoingBack });
        if (!journal.IsDependent)
        {
            report.Progress(journal.ContainerId, UpdateStages.Rollback, "Bringing the old container back");
        }

        var backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), random);
        var failures = new RepeatedReason();
        while (true)
        {
            try
            {
                await _swap.GoBackAsync(journal, CancellationToken.None);
                break;
            }
            catch (EngineException e)
            {
                if (failures.ShouldReport(e.Message, out var count))
                {
                    Log.CannotGoBack(logger, journal.Name, e.Message, count);
                    report.Progress(journal.ContainerId, UpdateStages.Rollback, $"The old container cannot be brought back yet: {e.Message}");
                }
            }

            await Task.Delay(backoff.Next(), time, stopping);
        }

        if (journal.IsDependent)
        {
            return;
        }

        await RestartDependentsAsync(journal, stopping);
        report.Failed(journal.ContainerId, UpdateStages.Failed, "The update failed; the old container is as it was", journal.Failure ?? "unknown");
        store.Remove(journal);
    }

    private async Task<bool> IsInPlaceAsync(UpdateJournal journal, CancellationToken ct) =>
        journal.NewId is { } id && await _swap.FindAsync(id, ct) is { } successor && successor.Name == journal.Name && (successor.State.Running || !journal.WasRunning);

    private async Task<List<string>> BringDependentsAsync(UpdateJournal journal, CancellationToken stopping)
    {
        var failed = new List<string>();
        var dependents = await DependentsOfAsync(journal, stopping);
        if (dependents.Count > 0)
        {
            report.Progress(journal.ContainerId, UpdateStages.Dependents, $"Bringing over {dependents.Count} containers that share its network");
        }

        foreach (var dependent in dependents)
        {
            if (!await BringDependentAsync(journal, dependent, stopping))
            {
                failed.Add(UpdatePlanner.Text(dependent, "Name").TrimStart('/'));
            }
        }

        return failed;
    }

    private async Task<bool> BringDependentAsync(UpdateJournal journal, JsonObject dependent, CancellationToken stopping)
    {
        var own = store.Save(Open(UpdatePlanner.ShortId(UpdatePlanner.Text(dependent, "Id")), dependent, journal.StopTimeout, isDependent: true));
        try
        {
            dependent["HostConfig"]!["NetworkMode"] = "container:" + journal.NewId;
            var plan = UpdatePlanner.Plan(dependent, await ImageOfAsync(dependent, stopping), UpdatePlanner.Text((JsonObject)dependent["Config"]!, "Image"));
            own = store.Save(own with { NewId = await _swap.CreateAsync(own.TemporaryName, plan, CancellationToken.None) });
            own = store.Save(own with { Step = UpdateStep.Swapping, StopBegan = true });
            await _swap.SwapAsync(own, CancellationToken.None);
            await FinishAsync(store.Save(own with { Step = UpdateStep.Healthy }), stopping);
            return true;
        }
        catch (EngineException e)
        {
            Log.DependentFailed(logger, own.Name, e.Message);
            // Its old self cannot be started any more, but it is there, with its name and its data.
            await _swap.GoBackAsync(own with { WasRunning = false }, CancellationToken.None);
            store.Remove(own);
            return false;
        }
    }

    /// <summary>After a stop and a start of the old container its network is another one, which those that share it do not see before they start again.</summary>
    private async Task RestartDependentsAsync(UpdateJournal journal, CancellationToken stopping)
    {
        foreach (var dependent in await DependentsOfAsync(journal, stopping))
        {
            if (dependent["State"]?["Running"]?.GetValue<bool>() == true)
            {
                try
                {
                    await engine.RestartContainerAsync(UpdatePlanner.Text(dependent, "Id"), journal.StopTimeout, CancellationToken.None);
                }
                catch (EngineException e)
                {
                    Log.DependentFailed(logger, UpdatePlanner.Text(dependent, "Name"), e.Message);
                }
            }
        }
    }

    private async Task<List<JsonObject>> DependentsOfAsync(UpdateJournal journal, CancellationToken ct)
    {
        var found = new List<JsonObject>();
        foreach (var item in JsonNode.Parse(await engine.ListContainersRawAsync(all: true, ct))!.AsArray().OfType<JsonObject>())
        {
            if (item["HostConfig"] is JsonObject host && (UpdatePlanner.Text(host, "NetworkMode") is var mode) && (mode == "container:" + journal.OldId || mode == "container:" + journal.Name))
            {
                found.Add(await InspectAsync(engine, UpdatePlanner.Text(item, "Id"), ct));
            }
        }

        return found;
    }

    public static async Task<JsonObject> InspectAsync(EngineClient engine, string id, CancellationToken ct) =>
        JsonNode.Parse(await engine.InspectContainerRawAsync(id, ct))!.AsObject();

    private async Task<JsonObject> ImageOfAsync(JsonObject container, CancellationToken ct)
    {
        try
        {
            return JsonNode.Parse(await engine.InspectImageRawAsync(UpdatePlanner.Text(container, "Image"), ct))!.AsObject();
        }
        catch (EngineException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return [];
        }
    }

    private static UpdateJournal Open(string containerId, JsonObject inspected, int stopTimeout, bool isDependent)
    {
        var (id, name) = (UpdatePlanner.Text(inspected, "Id"), UpdatePlanner.Text(inspected, "Name").TrimStart('/'));
        var running = inspected["State"]?["Running"]?.GetValue<bool>() == true;
        var removesItself = running && inspected["HostConfig"]?["AutoRemove"]?.GetValue<bool>() == true;
        // By its image's id: the name may mean the new image by now.
        var again = removesItself ? UpdatePlanner.Plan(inspected, [], UpdatePlanner.Text(inspected, "Image")) : null;
        return new UpdateJournal
        {
            ContainerId = containerId,
            OldId = id,
            Name = name,
            TemporaryName = $"{name}-dockmon-new-{UpdatePlanner.ShortId(id)}",
            BackupName = $"{name}-dockmon-old-{UpdatePlanner.ShortId(id)}",
            WasRunning = running,
            WasPaused = inspected["State"]?["Paused"]?.GetValue<bool>() == true,
            StopTimeout = stopTimeout,
            Step = UpdateStep.Creating,
            IsDependent = isDependent,
            Recreate = again?.CreateBody,
            RecreateNetworks = again?.Networks.ToDictionary(),
        };
    }
}
