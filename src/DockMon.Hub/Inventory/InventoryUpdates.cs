using System.Data.Common;
using System.Text.Json;
using DockMon.Hub.Agents;
using DockMon.Hub.Agents.Limits;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Bus;
using DockMon.Protocol;

namespace DockMon.Hub.Inventory;

/// <summary>Keeps the stored containers up to date with what connected agents say, and publishes what changes.</summary>
internal sealed partial class InventoryUpdates(
    AgentRegistry agents, AgentRequests requests, ContainerStore store, EventFeed feed, TimeProvider time, ILogger<InventoryUpdates> logger) : BackgroundService
{
    /// <summary>Maximum number of containers in one event of the stream.</summary>
    public const int MostRows = 100;

    /// <summary>Maximum number of lists that are asked for at the same time: each may have 16 MiB.</summary>
    private const int Workers = 4;

    private static readonly TimeSpan ListLimit = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1);

    private readonly HostSchedule _schedule = new(time, new Random());
    // What is published is the difference to what was stored: one after the other for each host.
    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1))];
    private readonly LogLimit _failures = new(time);

    /// <summary>Schedules a list of a host whose agent connected.</summary>
    public void Connected(string hostId) => _schedule.Connected(hostId);

    /// <summary>Takes in a container event of a host.</summary>
    public void Happened(string hostId, JsonElement payload)
    {
        if (ContainerEvents.Read(payload) is { } e)
        {
            _schedule.Happened(hostId, e);
        }
    }

    /// <summary>Stores a list of a host, and publishes what is different from the one before.</summary>
    /// <returns>Whether it contradicts an event that came a moment ago, and a new list is needed.</returns>
    public async Task<bool> TakeListAsync(string hostId, JsonElement list, CancellationToken ct)
    {
        var turn = Turn(hostId);
        await turn.WaitAsync(ct);
        try
        {
            var known = await store.OfHostAsync(hostId, ct);
            var listed = DockerList.Read(hostId, list);
            KeepImageNames(known, listed);
            var isEarlier = KeepJustHeard(hostId, known, listed);
            await SaveAsync(hostId, known, listed, ct);
            return isEarlier;
        }
        finally
        {
            turn.Release();
        }
    }

    public override void Dispose()
    {
        Array.ForEach(_turns, turn => turn.Dispose());
        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => WorkAsync(stoppingToken)));

    /// <summary>Docker lists a container by the id of its image once the image's name means another one; an update still has to go by the name.</summary>
    private static void KeepImageNames(Dictionary<string, ContainerRecord> known, Dictionary<string, ContainerRecord> listed)
    {
        foreach (var container in listed.Values.Where(container => container.HasImageById).ToList())
        {
            if (known.TryGetValue(container.Id, out var before) && before.Image.Length > 0)
            {
                listed[container.Id] = container with { Image = before.Image };
            }
        }
    }

    /// <summary>The engine tells of a change before it lists it: on a busy machine seconds before.</summary>
    /// <returns>Whether the list is one of before.</returns>
    private bool KeepJustHeard(string hostId, Dictionary<string, ContainerRecord> known, Dictionary<string, ContainerRecord> listed)
    {
        var isEarlier = false;
        foreach (var id in _schedule.JustHeard(hostId))
        {
            if (known.TryGetValue(id, out var heard) && listed.TryGetValue(id, out var container) && IsEarlier(container, heard))
            {
                listed[id] = container with { State = heard.State, Status = heard.Status, Health = heard.Health };
                isEarlier = true;
            }
        }

        return isEarlier;
    }

    // Another event would have told of the way from the second to the first. That a container is restarting, no event tells.
    private static bool IsEarlier(ContainerRecord listed, ContainerRecord heard) => (heard.State, listed.State) switch
    {
        ("exited", "running") or ("running", "exited" or "created" or "paused") or ("paused", "running") => true,
        var (now, before) => now == before && heard.Health is "healthy" or "unhealthy" && listed.Health == "starting",
    };

    private async Task WorkAsync(CancellationToken stopping)
    {
        await Task.Yield();
        while (!stopping.IsCancellationRequested)
        {
            HostWork work;
            try
            {
                work = await _schedule.TakeAsync(stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }

            await WorkAsync(work, stopping);
        }
    }

    private async Task WorkAsync(HostWork work, CancellationToken ct)
    {
        var hostId = work.HostId;
        try
        {
            var listWanted = work.Events.Count > 0 && await ApplyAsync(hostId, work.Events, ct);
            if (!work.ListDue)
            {
                _schedule.Done(work, listWanted);
                return;
            }

            // In a fleet, the hub that the agent is connected to lists its containers.
            _ = agents.Get(hostId);
            var answer = await requests.AskAsync(hostId, FrameTypes.Command, CommandNames.ListContainers, default, ListLimit, ct);
            listWanted |= await TakeListAsync(hostId, answer.Payload ?? default, ct);
            _schedule.Done(work, listWanted);
        }
        catch (AgentException e) when (e.Failure == AgentFailure.NotConnected)
        {
            _schedule.Gone(work);
        }
        catch (Exception e) when (e is AgentException or DbException or JsonException or InvalidOperationException)
        {
            if (_failures.Happened(out var count))
            {
                Log.NotUpdated(logger, hostId, count, e.Message);
            }

            _schedule.Done(work with { ListDue = true }, listWanted: false, RetryAfter);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The hub is stopping; the next start lists every host that connects.
        }
    }

    /// <summary>Applies events to what is stored.</summary>
    /// <returns>Whether a new list is needed.</returns>
    private async Task<bool> ApplyAsync(string hostId, IReadOnlyList<WaitingEvent> events, CancellationToken ct)
    {
        var turn = Turn(hostId);
        await turn.WaitAsync(ct);
        try
        {
            var known = await store.OfHostAsync(hostId, ct, [.. events.Select(e => e.ContainerId).Distinct(StringComparer.Ordinal)]);
            var now = new Dictionary<string, ContainerRecord>(known, StringComparer.Ordinal);
            var listWanted = false;
            foreach (var e in events)
            {
                var outcome = ContainerEvents.Apply(now.GetValueOrDefault(e.ContainerId), e);
                listWanted |= outcome.ListWanted;
                if (outcome.Container is { } container)
                {
                    now[container.Id] = container;
                }
                else
                {
                    now.Remove(e.ContainerId);
                }
            }

            await SaveAsync(hostId, known, now, ct);
            return listWanted;
        }
        finally
        {
            turn.Release();
        }
    }

    private SemaphoreSlim Turn(string hostId) => _turns[(uint)hostId.GetHashCode(StringComparison.Ordinal) % _turns.Length];

    private async Task SaveAsync(
        string hostId, Dictionary<string, ContainerRecord> known, Dictionary<string, ContainerRecord> now, CancellationToken ct)
    {
        List<ContainerRecord> added = [.. now.Values.Where(row => !known.ContainsKey(row.Id))];
        List<ContainerRecord> changed = [.. now.Values.Where(row => known.TryGetValue(row.Id, out var before) && before != row)];
        List<string> removed = [.. known.Keys.Where(id => !now.ContainsKey(id))];
        if (added.Count + changed.Count + removed.Count == 0)
        {
            return;
        }

        await store.SaveAsync(hostId, [.. added, .. changed], removed, ct);
        changed.RemoveAll(row => row.LooksLike(known[row.Id]));
        if (added.Count + changed.Count + removed.Count > 0)
        {
            // The agent of a list may be connected to another hub by now.
            var host = agents.Find(hostId)?.Host.Hostname ?? await store.HostNameAsync(hostId, ct);
            Publish(hostId, host, added, changed, removed);
        }
    }

    private void Publish(string hostId, string host, List<ContainerRecord> added, List<ContainerRecord> changed, List<string> removed)
    {
        ContainerAnswer Show(ContainerRecord row) => ContainerAnswers.Show(row, host, connected: true, figures: null);
        foreach (var (more, others, gone) in Parts(added, changed, removed))
        {
            var data = new ContainersChanged([.. more.Select(Show)], [.. others.Select(Show)], gone);
            feed.Publish(FeedNames.ContainersChanged, hostId, JsonSerializer.SerializeToElement(data, InventoryJson.Default.ContainersChanged));
        }
    }

    /// <summary>Parts of at most <see cref="MostRows"/> containers each.</summary>
    private static IEnumerable<(ContainerRecord[] Added, ContainerRecord[] Changed, string[] Removed)> Parts(
        List<ContainerRecord> added, List<ContainerRecord> changed, List<string> removed)
    {
        foreach (var part in added.Select(row => (Kind: 0, Row: (ContainerRecord?)row, Id: ""))
            .Concat(changed.Select(row => (Kind: 1, Row: (ContainerRecord?)row, Id: "")))
            .Concat(removed.Select(id => (Kind: 2, Row: (ContainerRecord?)null, Id: id)))
            .Chunk(MostRows))
        {
            yield return (
                [.. part.Where(item => item.Kind == 0).Select(item => item.Row!)],
                [.. part.Where(item => item.Kind == 1).Select(item => item.Row!)],
                [.. part.Where(item => item.Kind == 2).Select(item => item.Id)]);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(90, LogLevel.Warning,
            "The containers of host {HostId} could not be renewed ({Count} such failures since the last message); this is tried again in a minute: {Reason}")]
        public static partial void NotUpdated(ILogger logger, string hostId, int count, string reason);
    }
}
