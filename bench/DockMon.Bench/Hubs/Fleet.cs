using DockMon.Testing;

namespace DockMon.Bench.Hubs;

/// <summary>Simulated agents in this process, from several loopback addresses.</summary>
/// <param name="hubs">The hubs' addresses, which the agents take in turn.</param>
/// <param name="token">A registration token for all of them.</param>
/// <param name="size">Number of agents.</param>
/// <param name="containers">Number of containers of each.</param>
/// <param name="sources">Number of addresses they dial from.</param>
/// <param name="time">Clock.</param>
internal sealed class Fleet(IReadOnlyList<Uri> hubs, string token, int size, int containers, int sources, TimeProvider time) : IAsyncDisposable
{
    // A second is divided into so many parts, and the agents among these.
    private const int Slices = 20;

    // The first registrations; whoever registered before dials when it wants.
    private const int AtOnce = 32;

    private readonly CancellationTokenSource _ended = new();
    private readonly SemaphoreSlim _turns = new(AtOnce);
    private SimulatedAgent[] _agents = [];
    private Task[] _running = [];
    private volatile Uri? _lost;
    private long _refused;
    private int _dials;

    public string Token => token;

    public int Containers => containers;

    public int Sources => sources;

    public TimeProvider Time => time;

    public IReadOnlyList<SimulatedAgent> Agents => _agents;

    /// <summary>Dials that were answered with 503, or not in time.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    public Uri NextHub(int agent)
    {
        // A load balancer knows of a hub that is gone.
        var hub = hubs[(agent + Interlocked.Increment(ref _dials)) % hubs.Count];
        return hub == _lost ? hubs[(agent + Interlocked.Increment(ref _dials)) % hubs.Count] : hub;
    }

    public void CountRefused() => Interlocked.Increment(ref _refused);

    public async Task<IDisposable> TakeTurnAsync(CancellationToken ct)
    {
        await _turns.WaitAsync(ct);
        return new Turn(_turns);
    }

    /// <summary>Registers all agents.</summary>
    public async Task StartAsync(TimeSpan limit, CancellationToken ct)
    {
        _agents = [.. Enumerable.Range(0, size).Select(i => new SimulatedAgent(i, this))];
        _running = [.. _agents.Select(agent => agent.RunAsync(_ended.Token))];
        await AllConnectedAsync(limit, ct);
    }

    /// <summary>Has every agent send numbered events, breaks its connection before they are answered for, and waits until all agents are back.</summary>
    /// <param name="events">Number of events of each agent.</param>
    /// <param name="limit">How long to wait.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>Number of events that were on their way.</returns>
    public async Task<long> StormAsync(int events, TimeSpan limit, CancellationToken ct)
    {
        await Task.WhenAll(_agents.Select(async agent =>
        {
            await agent.SendNumberedAsync(events, ct);
            agent.Cut();
        }));
        var underway = _agents.Sum(agent => (long)agent.Delivery.Unconfirmed);
        await Retry.UntilAsync("the agents know that they are cut off", () => _agents.Count(agent => agent.IsConnected) < size, ct: ct);
        await AllConnectedAsync(limit, ct);
        return underway;
    }

    /// <summary>Has every agent send numbered events while a hub ends, and waits until all agents are with the others.</summary>
    /// <param name="hub">The hub.</param>
    /// <param name="kill">Ends it.</param>
    /// <param name="events">Number of events of each agent.</param>
    /// <param name="limit">How long to wait.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>Number of agents that had to go, and of events that were on their way.</returns>
    public async Task<(int Agents, long Events)> LoseAsync(Uri hub, Action kill, int events, TimeSpan limit, CancellationToken ct)
    {
        var going = _agents.Where(agent => agent.Hub == hub).ToList();
        var sending = Task.WhenAll(_agents.Select(agent => agent.SendNumberedAsync(events, ct)));
        kill();
        _lost = hub;
        var underway = going.Sum(agent => (long)agent.Delivery.Unconfirmed);
        await sending;
        await Retry.UntilAsync("the agents have left the hub", () => !going.Exists(agent => agent.IsConnected && agent.Hub == hub), limit, ct);
        await AllConnectedAsync(limit, ct);
        return (going.Count, underway);
    }

    /// <summary>Waits until the hubs have answered for all numbered events.</summary>
    public Task AllConfirmedAsync(TimeSpan limit, CancellationToken ct) =>
        Retry.UntilAsync("all events are confirmed", () => _agents.All(agent => agent.Delivery.Unconfirmed == 0), limit, ct);

    /// <summary>Has every agent send a sample of each of its containers each second.</summary>
    /// <returns>Number of frames that the hub has read.</returns>
    public async Task<long> StreamAsync(TimeSpan duration, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        var slice = TimeSpan.FromSeconds(1) / Slices;
        long frames = 0;
        for (var tick = 0; time.GetElapsedTime(started) < duration; tick++)
        {
            var now = tick;
            var sent = await Task.WhenAll(_agents.Where(agent => agent.Number % Slices == now % Slices)
                .Select(agent => agent.SampleAsync(now / Slices, ct)));
            frames += sent.Sum();
            if ((slice * (tick + 1)) - time.GetElapsedTime(started) is { Ticks: > 0 } wait)
            {
                await Task.Delay(wait, time, ct);
            }
        }

        await Task.WhenAll(_agents.Select(agent => agent.PingAsync(ct)));
        return frames;
    }

    /// <summary>Has some agents send container events as fast as the hub takes them.</summary>
    /// <returns>Number of events that the hub has.</returns>
    public async Task<long> SendEventsAsync(int agents, int batch, TimeSpan duration, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        var counts = await Task.WhenAll(_agents.Take(agents).Select(async agent =>
        {
            long sent = 0;
            while (time.GetElapsedTime(started) < duration)
            {
                sent += await agent.SendEventsAsync(batch, ct);
            }

            return sent;
        }));
        return counts.Sum();
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        try
        {
            await Task.WhenAll(_running);
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            // Told to end.
        }

        _ended.Dispose();
        _turns.Dispose();
    }

    private Task AllConnectedAsync(TimeSpan limit, CancellationToken ct) => Retry.UntilAsync(
        "all agents are connected",
        async () =>
        {
            if (_running.FirstOrDefault(task => task.IsFaulted) is { } failed)
            {
                await failed;
            }

            return _agents.All(agent => agent.IsConnected);
        },
        limit,
        ct);

    private sealed class Turn(SemaphoreSlim turns) : IDisposable
    {
        public void Dispose() => turns.Release();
    }
}
