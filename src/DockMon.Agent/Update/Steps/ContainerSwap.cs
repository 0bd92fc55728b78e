using System.Text;
using System.Text.Json.Nodes;
using DockMon.Agent.Commands;
using DockMon.Agent.Json;
using DockMon.Agent.Update.Journal;
using DockMon.Agent.Update.Planning;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Update.Steps;

/// <summary>
/// The steps between an old container and its successor, and the way back. Each may be done twice without harm, because each looks at what there is
/// before it acts: whoever was killed in the middle begins again.
/// </summary>
internal sealed partial class ContainerSwap(EngineClient engine, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan RemovalLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RemovalInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>Creates the successor beside the old container; what a killed agent left under its temporary name goes first.</summary>
    /// <returns>The successor's id.</returns>
    public async Task<string> CreateAsync(string name, UpdatePlan plan, CancellationToken ct)
    {
        var id = await CreateAnewAsync(name, Encoding.UTF8.GetBytes(plan.CreateBody.ToJsonString()), ct);
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
    public Task StartAsync(UpdateJournal journal, CancellationToken ct) => journal.WasRunning ? engine.StartContainerAsync(journal.NewId!, ct) : Task.CompletedTask;

    /// <summary>Whether nothing but what the update made is in the old container's place, and the old one is out of the way: only then may that be removed.</summary>
    public async Task<bool> IsReplacedAsync(UpdateJournal journal, CancellationToken ct) =>
        journal.NewId is { } id && await FindAsync(id, ct) is { } successor && successor.Name == journal.Name
        && (await FindAsync(journal.OldId, ct) is not { } old || (old.Name != journal.Name && !old.State.Running));

    /// <summary>
    /// Waits for the end of a stop that is under way still, whatever became of who asked for it: started before that, the container would be down
    /// after it.
    /// </summary>
    /// <returns>The journal, in which the stop has ended.</returns>
    public async Task<UpdateJournal> FinishStopAsync(UpdateJournal journal, CancellationToken ct)
    {
        if (journal is { StopBegan: true, StopEnded: false, WasRunning: true })
        {
            await StopAsync(journal, ct);
        }

        return journal with { StopEnded = true };
    }

    /// <summary>Makes everything as it was before the update, once no stop is under way. May be called in whatever state an update was left.</summary>
    /// <returns>The id of the container that is there now: another one than before where it had to be made again.</returns>
    /// <exception cref="CommandException">There is nothing to go back to: somebody removed the container.</exception>
    public async Task<string> RollBackAsync(UpdateJournal journal, CancellationToken ct)
    {
        var old = await FindAsync(journal.OldId, ct);
        // Before the successor goes: it holds the anonymous volumes that Docker would remove with the last container that uses them.
        var oldId = old?.Id ?? (journal.StopBegan ? await RecreateAsync(journal, ct) : journal.OldId);
        await RemoveAsync(journal.NewId ?? journal.TemporaryName, ct);
        await RemoveAsync(journal.TemporaryName, ct);
        if (!journal.StopBegan)
        {
            return oldId; // The old one was not touched: its name and its state are whoever's they are by now.
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

    /// <summary>Pauses a container that runs and is not paused already, be it by a request of an agent that was killed.</summary>
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

    /// <summary>Removes a container, running or not, and leaves its volumes. One that is not there is no error.</summary>
    public Task RemoveAsync(string id, CancellationToken ct) => IgnoreMissingAsync(() => engine.RemoveContainerAsync(id, force: true, volumes: false, ct));

    /// <summary>The container, or null.</summary>
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
    /// Creates a container under a name that nobody else has, but perhaps an earlier request for it: the engine reserves the name when it begins, shows the container
    /// when it is done, and goes on with it whatever becomes of who asked. What appears is removed: it may be of another plan.
    /// </summary>
    private async Task<string> CreateAnewAsync(string name, byte[] body, CancellationToken ct)
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
            var body = new JsonObject { ["Container"] = id, ["EndpointConfig"] = endpoint.DeepClone() };
            await engine.PostRawAsync($"/networks/{Uri.EscapeDataString(network)}/connect", Encoding.UTF8.GetBytes(body.ToJsonString()), ct);
        }
    }

    /// <summary>Stops the old container. One that was started with --rm is waited for until it is gone: renamed or started on its way out, it would stay for ever.</summary>
    private async Task StopAsync(UpdateJournal journal, CancellationToken ct)
    {
        if (await FindAsync(journal.OldId, ct) is { State.Paused: true })
        {
            await engine.UnpauseContainerAsync(journal.OldId, ct); // A paused process cannot end, and would be killed.
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
                throw new EngineException($"{journal.Name} was started with --rm and has stopped, but the engine has not removed it within {RemovalLimit.TotalSeconds:0} s (timeout)");
            }

            await Task.Delay(RemovalInterval, time, ct);
        }
    }

    /// <summary>A daemon that is restarted while the successor is watched would start the old container beside it: to "always", a stop means little.</summary>
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
            Log.PolicyKept(logger, journal.Name, e.Message); // Podman cannot change it, and has no daemon that would start anything.
        }
    }

    private async Task<string> RecreateAsync(UpdateJournal journal, CancellationToken ct)
    {
        if (await FindSuccessorAsync(journal, ct) is { } made)
        {
            return made;
        }

        if (journal.Recreate is not { } body || !(journal.RemovesItself || await IsReplacedAsync(journal, ct)))
        {
            // Not as the backup beside its successor, by who cleaned up, but as what it was.
            await RemoveAsync(journal.TemporaryName, ct);
            throw new CommandException($"the container {journal.Name} ({journal.OldId[..12]}) was removed by somebody else in the middle of its update; a successor that has its name already is left");
        }

        body = body.DeepClone().AsObject();
        if (journal.ImageName is { Length: > 0 } name)
        {
            body["Image"] = await SameImage.ReferenceAsync(engine, name, body.GetText("Image"), journal.Name, logger, ct);
        }

        var plan = new UpdatePlan(body, [.. journal.RecreateNetworks ?? new Dictionary<string, JsonObject>()], []);
        return await CreateAsync(journal.BackupName, plan, ct);
    }

    /// <summary>What an earlier try to go back has made: under the backup name, or already under the real one.</summary>
    private async Task<string?> FindSuccessorAsync(UpdateJournal journal, CancellationToken ct)
    {
        if (await FindAsync(journal.BackupName, ct) is { } aside)
        {
            // Whoever made it may not have come to connect it.
            var connected = (await engine.InspectContainerJsonAsync(aside.Id, ct))["NetworkSettings"]?["Networks"] as JsonObject ?? [];
            await ConnectAsync(aside.Id, (journal.RecreateNetworks ?? new Dictionary<string, JsonObject>()).Where(network => !connected.ContainsKey(network.Key)), ct);
            return aside.Id;
        }

        return journal.Recreate is { } body && await FindAsync(journal.Name, ct) is { } there && there.Id != journal.NewId && SameImage.IsSame(there.Image, body.GetText("Image"))
            ? there.Id : null;
    }

    private async Task RenameAsync(string id, string name, CancellationToken ct)
    {
        if ((await engine.InspectContainerAsync(id, ct)).Name != name)
        {
            await engine.RenameContainerAsync(id, name, ct);
        }
    }

    private static async Task IgnoreMissingAsync(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (EngineException e) when (e.IsMissing || e.IsRemovalInProgress)
        {
            // Gone, or going: what was asked for.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(510, LogLevel.Debug, "The old {Container} keeps its restart policy while its successor is watched: {Reason}")]
        public static partial void PolicyKept(ILogger logger, string container, string reason);

        [LoggerMessage(516, LogLevel.Warning, "The engine still creates {Container} for an earlier request; that is waited for, and removed")]
        public static partial void CreateUnderWay(ILogger logger, string container);
    }
}
