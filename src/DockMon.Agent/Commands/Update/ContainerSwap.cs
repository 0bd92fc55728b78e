using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DockMon.Engine;

namespace DockMon.Agent.Commands.Update;

/// <summary>
/// The steps between an old container and its successor, and the way back. Each may be done twice without harm, because each looks at what there is
/// before it acts: whoever was killed in the middle begins again.
/// </summary>
internal sealed class ContainerSwap(EngineClient engine, TimeProvider time)
{
    private static readonly TimeSpan RemovalLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RemovalInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Creates the successor beside the old container; what a killed agent left under its temporary name goes first.</summary>
    /// <returns>The successor's id.</returns>
    public async Task<string> CreateAsync(string name, UpdatePlan plan, CancellationToken ct)
    {
        await RemoveAsync(name, ct);
        var id = await engine.CreateContainerAsync(Encoding.UTF8.GetBytes(plan.CreateBody.ToJsonString()), name, ct);
        foreach (var (network, endpoint) in plan.Networks)
        {
            var body = new JsonObject { ["Container"] = id, ["EndpointConfig"] = endpoint.DeepClone() };
            await engine.PostRawAsync($"/networks/{Uri.EscapeDataString(network)}/connect", Encoding.UTF8.GetBytes(body.ToJsonString()), ct);
        }

        return id;
    }

    /// <summary>Stops the old container, gives its name to the successor, and starts that if the old one ran.</summary>
    public async Task SwapAsync(UpdateJournal journal, CancellationToken ct)
    {
        if (journal.WasRunning)
        {
            await StopAsync(journal, ct);
        }

        if (await FindAsync(journal.OldId, ct) is { } old && old.Name == journal.Name)
        {
            await engine.RenameContainerAsync(journal.OldId, journal.BackupName, ct);
        }

        await TakeNameAsync(journal.NewId!, journal.Name, ct);
        if (journal.WasRunning)
        {
            await engine.StartContainerAsync(journal.NewId!, ct);
        }
    }

    /// <summary>Makes everything as it was before the update. May be called in whatever state an update was left.</summary>
    public async Task GoBackAsync(UpdateJournal journal, CancellationToken ct)
    {
        var oldId = journal.OldId;
        if (journal is { StopBegan: true, WasRunning: true })
        {
            // A stop that was under way when the agent was killed still is: started before its end, the container would be down after it.
            await StopAsync(journal, ct);
        }

        if (await FindAsync(oldId, ct) is null)
        {
            // Before the successor goes: it holds the anonymous volumes that Docker would remove with the last container that uses them.
            oldId = await RecreateAsync(journal, ct);
        }

        await RemoveAsync(journal.NewId ?? journal.TemporaryName, ct);
        await RemoveAsync(journal.TemporaryName, ct);
        await TakeNameAsync(oldId, journal.Name, ct);
        if (!journal.WasRunning)
        {
            return;
        }

        await engine.StartContainerAsync(oldId, ct);
        if (journal.WasPaused && (await engine.InspectContainerAsync(oldId, ct)).State is { Paused: false, Running: true })
        {
            await engine.PauseContainerAsync(oldId, ct);
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
        catch (EngineException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
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
        if (journal.Recreate is null)
        {
            return;
        }

        var started = time.GetTimestamp();
        while (await FindAsync(journal.OldId, ct) is not null)
        {
            if (time.GetElapsedTime(started) > RemovalLimit)
            {
                throw new EngineException($"{journal.Name} was started with --rm and has stopped, but the engine has not removed it within {RemovalLimit.TotalSeconds:0} s");
            }

            await Task.Delay(RemovalInterval, time, ct);
        }
    }

    private async Task<string> RecreateAsync(UpdateJournal journal, CancellationToken ct)
    {
        if (await FindAsync(journal.BackupName, ct) is { } made)
        {
            return made.Id; // By an earlier try to go back.
        }

        var plan = new UpdatePlan(
            journal.Recreate ?? throw new EngineException($"the container {journal.Name} ({journal.OldId[..12]}) is gone, and nothing is known to make it again from"),
            [.. journal.RecreateNetworks ?? new Dictionary<string, JsonObject>()],
            []);
        return await CreateAsync(journal.BackupName, plan, ct);
    }

    private async Task TakeNameAsync(string id, string name, CancellationToken ct)
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
        catch (EngineException e) when (e.StatusCode == HttpStatusCode.NotFound || (e.StatusCode == HttpStatusCode.Conflict && e.Message.Contains("already in progress", StringComparison.Ordinal)))
        {
            // Gone, or going: what was asked for.
        }
    }
}
