using System.Text.Json;
using DockMon.Hub.Agents;
using DockMon.Hub.Bus;
using DockMon.Hub.History.Live;

namespace DockMon.Hub.Inventory;

/// <summary>
/// The newest figures of containers, whichever hub their agents are connected to. Those of another hub are asked for when somebody looks, of a host at most
/// once a second however many look, and are forgotten soon after.
/// </summary>
internal sealed class LatestFigures(LiveSamples samples, AgentRegistry agents, Owners owners, HubLink link, TimeProvider time) : IAnswersHubs
{
    /// <summary>Maximum number of hosts in one request to a hub: the figures of 1,000 containers each fit into the answer.</summary>
    private const int MostHosts = 30;

    /// <summary>Maximum number of requests of one reader at the same time.</summary>
    private const int Width = 8;

    /// <summary>How long another hub may take; what it has not told by then is left out.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Forgotten = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Asked> _asked = new(StringComparer.Ordinal);

    public void Register(HubLink link) => link.Answer(HubMessageKind.Figures, message => Task.FromResult(Answer(message)));

    /// <summary>The figures of the containers of some hosts.</summary>
    public async Task<FoundFigures> ReadAsync(IEnumerable<string> hostIds)
    {
        var (found, requests) = Plan(hostIds);
        await Parallel.ForEachAsync(requests, new ParallelOptions { MaxDegreeOfParallelism = Width, CancellationToken = CancellationToken.None }, AskAsync);
        var others = new Dictionary<string, Dictionary<string, ContainerFigures>>(StringComparer.Ordinal);
        foreach (var (hostId, answer) in found)
        {
            if ((await answer).TryGetValue(hostId, out var ofHost))
            {
                others[hostId] = ofHost;
            }
        }

        return new FoundFigures(samples, others);
    }

    /// <summary>What is known or asked for already, and what has to be asked for.</summary>
    private (List<(string HostId, Task<Answers> Answer)> Found, List<Request> Requests) Plan(IEnumerable<string> hostIds)
    {
        var others = hostIds.Distinct(StringComparer.Ordinal).Where(id => !agents.IsConnected(id) && owners.IsConnectedElsewhere(id)).ToList();
        var (found, requests) = (new List<(string, Task<Answers>)>(), new List<Request>());
        if (others.Count == 0)
        {
            return (found, requests);
        }

        lock (_gate)
        {
            foreach (var (hostId, _) in _asked.Where(one => time.GetElapsedTime(one.Value.At) >= Forgotten).ToList())
            {
                _asked.Remove(hostId);
            }

            var due = others.Where(id => !_asked.TryGetValue(id, out var known) || time.GetElapsedTime(known.At) >= Kept);
            foreach (var ofHub in due.GroupBy(id => owners.Find(id)?.HubId).ToList())
            {
                foreach (var some in ofHub.Chunk(MostHosts))
                {
                    var request = new Request(ofHub.Key ?? "", some, new TaskCompletionSource<Answers>(TaskCreationOptions.RunContinuationsAsynchronously));
                    requests.Add(request);
                    Array.ForEach(some, id => _asked[id] = new Asked(time.GetTimestamp(), request.Answer.Task));
                }
            }

            found.AddRange(others.Select(id => (id, _asked[id].Answer)));
        }

        return (found, requests);
    }

    private async ValueTask AskAsync(Request request, CancellationToken ct)
    {
        var answers = new Answers(StringComparer.Ordinal);
        try
        {
            var message = new HubMessage(HubMessageKind.Figures)
            {
                Data = JsonSerializer.SerializeToUtf8Bytes(request.Hosts, InventoryJson.Default.StringArray),
            };
            if (await link.AskAsync(request.Hub, message, Limit, ct) is (_, { } json))
            {
                foreach (var ofHost in JsonSerializer.Deserialize(json.Span, InventoryJson.Default.IReadOnlyListFiguresEntry)!.GroupBy(one => one.HostId))
                {
                    answers[ofHost.Key] = ofHost.ToDictionary(one => one.Id, one => one.Figures, StringComparer.Ordinal);
                }
            }
        }
        finally
        {
            // Also for the others who wait for it.
            request.Answer.TrySetResult(answers);
        }
    }

    private byte[]? Answer(HubMessage message) =>
        JsonSerializer.Deserialize(message.Data.Span, InventoryJson.Default.StringArray) is { } hosts
            ? JsonSerializer.SerializeToUtf8Bytes(
                [.. hosts.Where(agents.IsConnected).SelectMany(id => samples.Latest(id).Containers
                    .Select(one => new FiguresEntry(id, one.Key, one.Value.Deserialize(InventoryJson.Default.ContainerFigures)!)))],
                InventoryJson.Default.IReadOnlyListFiguresEntry)
            : null;

    /// <summary>Figures by host and container.</summary>
    private sealed class Answers(IEqualityComparer<string> comparer) : Dictionary<string, Dictionary<string, ContainerFigures>>(comparer);

    private sealed record Asked(long At, Task<Answers> Answer);

    private sealed record Request(string Hub, string[] Hosts, TaskCompletionSource<Answers> Answer);
}

/// <summary>The newest figures of the containers of some hosts.</summary>
/// <param name="samples">Those of this hub's agents.</param>
/// <param name="others">Those that other hubs told, by host and container.</param>
internal sealed class FoundFigures(LiveSamples samples, IReadOnlyDictionary<string, Dictionary<string, ContainerFigures>> others)
{
    /// <returns>Null when there is no recent sample.</returns>
    public ContainerFigures? Find(string hostId, string containerId)
    {
        if (!others.TryGetValue(hostId, out var told))
        {
            return samples.Newest(hostId, containerId)?.Deserialize(InventoryJson.Default.ContainerFigures);
        }

        return told.TryGetValue(containerId, out var figures) || containerId.Length is < LiveSamples.ShortId or >= LiveSamples.WholeId ? figures
            : told.FirstOrDefault(one => one.Key.StartsWith(containerId, StringComparison.Ordinal)).Value;
    }
}
