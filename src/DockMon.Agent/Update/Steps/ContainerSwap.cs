using System.Text.Json.Nodes;
using DockMon.Agent.Commands;
using DockMon.Agent.Json;
using DockMon.Agent.Update.Journal;
using DockMon.Agent.Update.Planning;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Update.Steps;

/// <summary>
/// The steps from an old container to its successor, and the rollback. Each inspects the containers before it changes them, so that it can be repeated:
/// after an interruption it is simply run again.
/// </summary>
internal sealed partial class ContainerSwap(EngineClient engine, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan RemovalLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RemovalInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>Creates the successor beside the old container. What a killed agent left under the temporary name is removed first.</summary>
    /// <returns>The successor's id.</returns>
    public async Task<string> CreateAsync(string name, UpdatePlan plan, CancellationToken ct)
    {
        var id = await CreateAnewAsync(name, plan.CreateBody, ct);
        await ConnectAsync(id, plan.Networks, ct);
        return id;
    }

    /// <summary>Stops the old container and gives its name to the successor.</summary>
    public async Task SwapAsync(UpdateJournal journal, CancellationToken ct)
    {
        if (journal.WasRunning)
        {
            await StopAsync(journal, ct);
            await DisableRestartPolicyAsync(journal, ct);
        }

        if (await FindAsync(journal.OldId, ct) is { } old && old.Name == journal.Name)
        {
            await engine.RenameContainerAsync(journal.OldId, journal.BackupName, ct);
        }

        await RenameAsync(journal.NewId!, journal.Name, ct);
    }

    /// <summary>Starts the successor if the old one ran.</summary>
    public Task StartAsync(UpdateJournal journal, CancellationToken ct) =>
        journal.WasRunning ? engine.StartContainerAsync(journal.NewId!, ct) : Task.CompletedTask;

    /// <summary>Whether the successor has the name, and the old container neither has it nor runs: only then may the old one be removed.</summary>
    public async Task<bool> IsReplacedAsync(UpdateJournal journal, CancellationToken ct) =>
        journal.NewId is { } id && await FindAsync(id, ct) is { } successor && successor.Name == journal.Name
        && (await FindAsync(journal.OldId, ct) is not { } old || (old.Name != journal.Name && !old.State.Running));

    /// <summary>Waits for the end of a stop that an earlier request began: a container that is started before that would be stopped afterwards.</summary>
    /// <returns>The journal, in which the stop has completed.</returns>
    public async Task<UpdateJournal> FinishStopAsync(UpdateJournal journal, CancellationToken ct)
    {
        if (journal is { StopBegan: true, StopEnded: false, WasRunning: true })
        {
            await StopAsync(journal, ct);
        }

        return journal with { StopEnded = true };
    }

    /// <summary>Restores what was there before the update. No stop may be running any more; otherwise the update can be in any state.</summary>
    /// <returns>The id of the restored container: a new one if the container had to be recreated.</returns>
    /// <exception cref="CommandException">Somebody removed the container.</exception>
    public async Task<string> RollBackAsync(UpdateJournal journal, CancellationToken ct)
    {
        var old = await FindAsync(journal.OldId, ct);
        // Before the successor is removed: Docker would remove the anonymous volumes with the last container that uses them.
        var oldId = old?.Id ?? (journal.StopBegan ? await RecreateAsync(journal, ct) : journal.OldId);
        await RemoveAsync(journal.NewId ?? journal.TemporaryName, ct);
        await RemoveAsync(journal.TemporaryName, ct);
        if (!journal.StopBegan)
        {
            return oldId; // The old one was not changed by the update: its name and its state are whatever somebody made them.
        }

        await RenameAsync(oldId, journal.Name, ct);
        if (journal.RestartPolicy is { } policy && old is not null && old.HostConfig.RestartPolicy.Name != policy.Name)
        {
            await engine.SetRestartPolicyAsync(oldId, policy, ct);
        }

        if (journal.WasRunning && !journal.StaysDown)
        {
            await engine.StartContainerAsync(oldId, ct);
            if (journal.WasPaused)
            {
                await PauseAsync(oldId, ct);
            }
        }

        return oldId;
    }

    /// <summary>Pauses a container that runs and is not paused already, for example by a request of an agent that was killed.</summary>
    public async Task PauseAsync(string id, CancellationToken ct)
    {
        async Task<bool> IsToBePausedAsync() => (await engine.InspectContainerAsync(id, ct)).State is { Paused: false, Running: true };
        if (!await IsToBePausedAsync())
        {
            return;
        }

        try
        {
            await engine.PauseContainerAsync(id, ct);
        }
        catch (EngineException e) when (!RetryingSwap.IsTransient(e))
        {
            if (await IsToBePausedAsync())
            {
                throw;
            }
        }
    }

    /// <summary>Removes a container, running or not, and keeps its volumes. A missing container is no error.</summary>
    public Task RemoveAsync(string id, CancellationToken ct) => IgnoreMissingAsync(() => engine.RemoveContainerAsync(id, force: true, volumes: false, ct));

    /// <summary>A container by id or name; null if there is none.</summary>
    public async Task<ContainerInspection?> FindAsync(string id, CancellationToken ct)
    {
        try
        {
            return await engine.InspectContainerAsync(id, ct);
        }
        catch (EngineException e) when (e.IsMissing)
        {
            return null;
        }
    }

    /// <summary>
    /// Creates a container under a name that at most an earlier request for it can have taken: the engine reserves the name when it begins to create, shows the
    /// container when it is done, and does not stop when the client is gone. What such a request created is removed: its settings may be others.
    /// </summary>
    private async Task<string> CreateAnewAsync(string name, JsonObject body, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        for (var tries = 1; ; tries++)
        {
            await RemoveAsync(name, ct);
            try
            {
                return await engine.CreateContainerAsync(body, name, ct);
            }
            catch (EngineException e) when (e.IsNameTaken(name) && time.GetElapsedTime(started) < EngineClient.WorkLimit)
            {
                if (tries == 1)
                {
                    Log.CreateUnderWay(logger, name);
                }
            }

            await Task.Delay(LookInterval, time, ct);
        }
    }

    private async Task ConnectAsync(string id, IEnumerable<KeyValuePair<string, JsonObject>> networks, CancellationToken ct)
    {
        foreach (var (network, endpoint) in networks)
        {
            await engine.ConnectNetworkAsync(network, id, endpoint, ct);
        }
    }

    /// <summary>
    /// Stops the old container. One that was started with --rm is waited for until it is removed: if it were renamed or started before that, it would never be.
    /// </summary>
    private async Task StopAsync(UpdateJournal journal, CancellationToken ct)
    {
        if (await FindAsync(journal.OldId, ct) is { State.Paused: true })
        {
            await engine.UnpauseContainerAsync(journal.OldId, ct); // A paused process cannot end by itself, and would be killed.
        }

        await IgnoreMissingAsync(() => engine.StopContainerAsync(journal.OldId, journal.StopTimeout, ct));
        if (!journal.RemovesItself)
        {
            return;
        }

        var started = time.GetTimestamp();
        while (await FindAsync(journal.OldId, ct) is not null)
        {
            if (time.GetElapsedTime(started) > RemovalLimit)
            {
                throw new EngineException(
                    $"{journal.Name} was started with --rm and has stopped, "
                    + $"but the engine has not removed it within {RemovalLimit.TotalSeconds:0} s (timeout)");
            }

            await Task.Delay(RemovalInterval, time, ct);
        }
    }

    /// <summary>
    /// Takes the restart policy from the old container: with "always", an engine that restarts would start it beside the successor, although it was stopped.
    /// </summary>
    private async Task DisableRestartPolicyAsync(UpdateJournal journal, CancellationToken ct)
    {
        if (journal.RestartPolicy is null)
        {
            return;
        }

        try
        {
            await engine.SetRestartPolicyAsync(journal.OldId, new ContainerRestartPolicy { Name = "no" }, ct);
        }
        catch (EngineException e) when (!RetryingSwap.IsTransient(e))
        {
            Log.PolicyKept(logger, journal.Name, e.Message); // Podman cannot change it, and has no daemon that starts containers.
        }
    }

    private async Task<string> RecreateAsync(UpdateJournal journal, CancellationToken ct)
    {
        if (await FindRecreatedAsync(journal, ct) is { } recreated)
        {
            return recreated;
        }

        if (journal.Recreate is not { } body || !(journal.RemovesItself || await IsReplacedAsync(journal, ct)))
        {
            // It was not removed as an unused backup by somebody who cleaned up, but while it had its name.
            await RemoveAsync(journal.TemporaryName, ct);
            throw new CommandException(
                $"the container {journal.Name} ({new ContainerId(journal.OldId).Short}) was removed by somebody else during its update; "
                + "a new container that has its name already is kept");
        }

        body = body.DeepClone().AsObject();
        if (journal.ImageName is { Length: > 0 } name)
        {
            body["Image"] = await SameImage.ReferenceAsync(engine, name, body.GetText("Image"), journal.Name, logger, ct);
        }

        var plan = new UpdatePlan(body, [.. journal.RecreateNetworks ?? new Dictionary<string, JsonObject>()], []);
        return await CreateAsync(journal.BackupName, plan, ct);
    }

    /// <summary>The container that an earlier rollback recreated: under the backup name, or already under the real one.</summary>
    private async Task<string?> FindRecreatedAsync(UpdateJournal journal, CancellationToken ct)
    {
        if (await FindAsync(journal.BackupName, ct) is { } aside)
        {
            // It may not be connected to all its networks yet.
            var connected = (await engine.InspectContainerJsonAsync(aside.Id, ct))["NetworkSettings"].Member("Networks") as JsonObject ?? [];
            var networks = journal.RecreateNetworks ?? new Dictionary<string, JsonObject>();
            await ConnectAsync(aside.Id, networks.Where(network => !connected.ContainsKey(network.Key)), ct);
            return aside.Id;
        }

        return journal.Recreate is { } body
            && await FindAsync(journal.Name, ct) is { } there
            && there.Id != journal.NewId
            && SameImage.IsSame(there.Image, body.GetText("Image"))
                ? there.Id
                : null;
    }

    private async Task RenameAsync(string id, string name, CancellationToken ct)
    {
        if ((await engine.InspectContainerAsync(id, ct)).Name != name)
        {
            await engine.RenameContainerAsync(id, name, ct);
        }
    }

    private static async Task IgnoreMissingAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (EngineException e) when (e.IsMissing || e.IsRemovalInProgress)
        {
            // It is removed, or being removed, which is what was asked for.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(510, LogLevel.Debug, "The old container {Container} keeps its restart policy while the new one is watched: {Reason}")]
        public static partial void PolicyKept(ILogger logger, string container, string reason);

        [LoggerMessage(516, LogLevel.Warning, "The engine still creates {Container} for an earlier request; the agent waits for that container and removes it")]
        public static partial void CreateUnderWay(ILogger logger, string container);
    }
}
