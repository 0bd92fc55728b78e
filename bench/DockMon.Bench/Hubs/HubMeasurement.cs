namespace DockMon.Bench.Hubs;

/// <summary>How much of everything.</summary>
internal sealed record HubLoad(int Agents, int Containers, int Sources, int Callers, int Senders, TimeSpan Settle, TimeSpan Stream, TimeSpan Burst)
{
    /// <summary>How many events a sender sends before it waits.</summary>
    public const int EventBatch = 50;

    /// <summary>Number of events of each agent that are on their way when connections break.</summary>
    public const int Underway = 5;
}

/// <summary>One hub, or several that belong together, and what was measured of them.</summary>
internal sealed class HubMeasurement(HubUnderTest hub, HubLoad load, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromMinutes(10);

    private readonly List<(string Name, double Value)> _values = [];
    private Fleet? _fleet;

    public string Name => hub.Name;

    /// <summary>Everything that was measured, in the order of the phases.</summary>
    public IReadOnlyList<(string Name, double Value)> Values => _values;

    private Fleet Agents => _fleet ?? throw new InvalidOperationException("the agents have not registered");

    /// <summary>All agents register; then nobody says anything.</summary>
    public async Task RegisterAsync(CancellationToken ct)
    {
        await Task.Delay(load.Settle, time, ct);
        var before = hub.Read();
        Add("MiB without agents", MiB(before.ResidentBytes));
        _fleet = new Fleet(hub.Addresses, await hub.NewTokenAsync(load.Agents, ct), load.Agents, load.Containers, load.Sources, time);
        var started = time.GetTimestamp();
        await _fleet.StartAsync(ConnectLimit, ct);
        Add("new agents a second", load.Agents / time.GetElapsedTime(started).TotalSeconds);
        Add("CPU ms a new agent", 1e3 * (hub.Read() - before).CpuSeconds / load.Agents);
        await Task.Delay(load.Settle, time, ct);
        Add("KiB an idle agent", (hub.Read() - before).ResidentBytes / 1024 / load.Agents);
        if (hub.Addresses.Count > 1)
        {
            Add("MiB of the largest hub", MiB(hub.Memory().Max()));
        }

    }

    /// <summary>Every agent sends a sample of each container once a second.</summary>
    public async Task StreamAsync(CancellationToken ct)
    {
        var before = hub.Read();
        var started = time.GetTimestamp();
        var frames = await Agents.StreamAsync(load.Stream, ct);
        var used = hub.Read() - before;
        Add("frames a second", frames / time.GetElapsedTime(started).TotalSeconds);
        Add("CPU µs a frame", 1e6 * used.CpuSeconds / frames);
        Add("KiB a container with its samples", used.ResidentBytes / 1024 / (load.Agents * load.Containers));
    }

    /// <summary>Some agents send events as fast as they are stored.</summary>
    public async Task SendEventsAsync(CancellationToken ct)
    {
        var (before, database) = (hub.Read(), hub.DatabaseSeconds());
        var started = time.GetTimestamp();
        var events = await Agents.SendEventsAsync(load.Senders, HubLoad.EventBatch, load.Burst, ct);
        Add("events a second, stored", events / time.GetElapsedTime(started).TotalSeconds);
        Add("CPU µs an event", 1e6 * (hub.Read() - before).CpuSeconds / events);
        if (hub.Postgres is not null)
        {
            Add("PostgreSQL's CPU µs an event", 1e6 * (hub.DatabaseSeconds() - database) / events);
            foreach (var (name, rows) in await PlainCopy.MeasureAsync(hub.Postgres, time, ct))
            {
                Add(name, rows);
            }
        }
    }

    /// <summary>Users send commands to random agents, each the next when the last was answered.</summary>
    public async Task CommandAsync(CancellationToken ct)
    {
        var before = hub.Read();
        var started = time.GetTimestamp();
        var latencies = (await Task.WhenAll(Enumerable.Range(0, load.Callers).Select(_ => CallAsync(started, ct)))).SelectMany(each => each).ToList();
        Add("commands a second", latencies.Count / time.GetElapsedTime(started).TotalSeconds);
        Add("p50 ms", Figures.Median(latencies));
        Add("p99 ms", Figures.Quantile(latencies, 0.99));
        Add("CPU µs a command", 1e6 * (hub.Read() - before).CpuSeconds / latencies.Count);
    }

    /// <summary>All connections are cut at once, with events on their way; then, of several hubs, one is killed.</summary>
    public async Task StormAsync(CancellationToken ct)
    {
        var before = hub.Read();
        var (started, refused) = (time.GetTimestamp(), Agents.Refused);
        var underway = await Agents.StormAsync(HubLoad.Underway, ConnectLimit, ct);
        Add("seconds until all are back", time.GetElapsedTime(started).TotalSeconds);
        Add("dials refused meanwhile", Agents.Refused - refused);
        Add("CPU ms a reconnect", 1e3 * (hub.Read() - before).CpuSeconds / load.Agents);
        await CountEventsAsync(underway, started, ct);
        if (hub.CanKill)
        {
            await KillAsync(ct);
        }

        Add("MiB at the end", MiB(hub.Read().ResidentBytes));
    }

    public async ValueTask DisposeAsync()
    {
        if (_fleet is not null)
        {
            await _fleet.DisposeAsync();
        }

        await hub.DisposeAsync();
    }

    private async Task KillAsync(CancellationToken ct)
    {
        var started = time.GetTimestamp();
        var (agents, underway) = await Agents.LoseAsync(hub.Addresses[^1], hub.KillLast, HubLoad.Underway, ConnectLimit, ct);
        Add("a hub is killed: its agents", agents);
        Add("seconds until all are with the others", time.GetElapsedTime(started).TotalSeconds);
        await CountEventsAsync(underway, started, ct);
    }

    /// <summary>Looks for each numbered event in the database.</summary>
    private async Task CountEventsAsync(long underway, long started, CancellationToken ct)
    {
        Add("events on their way", underway);
        await Agents.AllConfirmedAsync(ConnectLimit, ct);
        Add("seconds until the hub has answered for them", time.GetElapsedTime(started).TotalSeconds);
        long lost = 0, twice = 0;
        await Parallel.ForEachAsync(Agents.Agents, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = ct }, async (agent, stop) =>
        {
            var count = (int)agent.Delivery.Count;
            var numbers = (await hub.EventsAsync(agent.HostId, (2 * count) + HubLoad.Underway, stop)).EnumerateArray()
                .Select(AgentFrames.NumberOf).OfType<long>().CountBy(number => number).ToDictionary();
            Interlocked.Add(ref lost, Enumerable.Range(1, count).Count(number => !numbers.ContainsKey(number)));
            Interlocked.Add(ref twice, numbers.Values.Count(times => times > 1));
        });
        Add("events lost", lost);
        Add("events stored twice", twice);
    }

    private static double MiB(double bytes) => bytes / 1024 / 1024;

    private async Task<List<double>> CallAsync(long started, CancellationToken ct)
    {
        var latencies = new List<double>();
        while (time.GetElapsedTime(started) < load.Burst)
        {
            var asked = time.GetTimestamp();
            await hub.CommandAsync(Agents.Agents[Random.Shared.Next(load.Agents)].HostId, ct);
            latencies.Add(time.GetElapsedTime(asked).TotalMilliseconds);
        }

        return latencies;
    }

    private void Add(string name, double value) => _values.Add((name, value));
}
