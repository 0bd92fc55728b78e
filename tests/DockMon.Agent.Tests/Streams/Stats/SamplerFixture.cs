using System.Text;
using System.Text.Json;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection;
using DockMon.Agent.Connection.Dialing;
using DockMon.Agent.Delivery;
using DockMon.Agent.Health;
using DockMon.Agent.Policies;
using DockMon.Agent.Streams;
using DockMon.Agent.Streams.Backfill;
using DockMon.Agent.Streams.Events;
using DockMon.Agent.Streams.HostMetrics;
using DockMon.Agent.Streams.Stats;
using DockMon.Agent.Streams.Stats.Kernel;
using DockMon.Agent.Tests.Connection;
using DockMon.Agent.Tests.Hosting;
using DockMon.Agent.Tests.Policies;
using DockMon.Engine;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace DockMon.Agent.Tests.Streams.Stats;

/// <summary>A sampler with an engine, a kernel and a server that are not real.</summary>
internal sealed class SamplerFixture : IAsyncDisposable
{
    public const string StatsQuery = "/stats?stream=0&one-shot=1";

    private readonly TemporaryFolder _data = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ConnectionState _connection = new();
    private readonly Dialer _dialer;
    private readonly Outbound _outbound;
    private readonly KernelSource _kernel;
    private readonly Task _running;

    public SamplerFixture(StatsOrigin origin = StatsOrigin.Auto, bool connected = true, TimeSpan? interval = null)
    {
        Connected = connected;
        var options = new AgentOptions { ServerUrl = new Uri("ws://127.0.0.1:1"), StatsSource = origin, StatsInterval = interval ?? TimeSpan.FromSeconds(1) };
        _dialer = new Dialer(options);
        _outbound = new Outbound(new Outbox(_data.Path), Time, NullLogger<Outbound>.Instance);
        var link = new StatsLink(options, _dialer, new Random(1), Time, NullLogger<StatsLink>.Instance);
        _kernel = new KernelSource(Tree.Root);
        var context = new AgentContext(options, Log, Time, new Random(1)) { Policies = Policies };
        Backfill = new Backfiller(context, _connection, _outbound);
        var sender = new SampleSender(context, _outbound, link, _connection) { Backfill = Backfill };
        var containers = new StatsSampler(context, Engine.Client, Tracker, _kernel, TestOwnContainers.None, sender);
        var host = new HostSampler(_connection, _outbound, Policies, Time, NullLogger<HostSampler>.Instance);
        Heartbeat = new LoopHealth("sampling", TimeSpan.FromMinutes(1), Time);
        Sampler = new SamplingLoop(containers, host, Heartbeat, Time);
        _running = Sampler.RunAsync(_stop.Token);
    }

    public KernelTree Tree { get; } = new(KernelTree.Version2());

    public ScriptedEngine Engine { get; } = new();

    public CountingTime Time { get; } = new();

    public PolicySource Policies { get; } = Gates.NoPolicy;

    public ContainerTracker Tracker { get; } = new();

    public LogCapture Log { get; } = new();

    public LoopHealth Heartbeat { get; }

    public SamplingLoop Sampler { get; }

    public Backfiller Backfill { get; }

    public bool Connected
    {
        get => _connection.IsConnected;
        set => _connection.Set(value);
    }

    /// <summary>A server is connected that wants what was measured without it.</summary>
    public void ConnectBackfilled() => _connection.SetConnected(
        new AuthSuccess { AgentId = "a", HostId = "h", PermanentToken = "t", Extensions = [ExtensionNames.StatsBackfill] });

    /// <summary>A running container the kernel shows.</summary>
    public void AddToKernel(string id, int pid, string networkMode = "bridge")
    {
        Tree.WriteProcess($"0::/docker/{id}\n", pid);
        Tree.WriteVersion2($"sys/fs/cgroup/docker/{id}");
        Inspects(id, pid, networkMode);
    }

    /// <summary>What the engine says of a container.</summary>
    public void Inspects(string id, int pid, string networkMode = "bridge", bool running = true) => Engine.Set(
        $"/containers/{id}/json",
        $$$"""{"Id":"{{{id}}}","State":{"Running":{{{(running ? "true" : "false")}}},"Pid":{{{pid}}}},"HostConfig":{"NetworkMode":"{{{networkMode}}}"}}""");

    /// <summary>A container's figures as the engine gives them.</summary>
    public void Measures(string id, ulong cpu, ulong system) => Engine.Set(
        $"/containers/{id}{StatsQuery}",
        $$$"""{"read":"2026-01-02T03:04:05Z","cpu_stats":{"cpu_usage":{"total_usage":{{{cpu}}}},"system_cpu_usage":{{{system}}},"online_cpus":"""
        + $$$"""2},"memory_stats":{"usage":900,"limit":1000}}""");

    public void Tell(string action, string id, string name = "web") =>
        Tracker.Apply(new EngineEvent { Type = "container", Action = action, ActorId = id, Attributes = new() { ["name"] = name, ["image"] = "i" } });

    /// <summary>Lets seconds pass until something is so; none while the engine answers, however slow this machine is.</summary>
    public Task UntilAsync(string reason, Func<bool> condition) => Retry.UntilAsync(
        reason,
        () =>
        {
            if (!Engine.IsBusy)
            {
                Time.Advance(TimeSpan.FromSeconds(1));
            }

            return condition();
        },
        ct: TestContext.Current.CancellationToken);

    /// <summary>
    /// Has the loop look for something to do, and waits until it has done so from beginning to end: what it has not done then, it does not do.
    /// </summary>
    public async Task LookAgainAsync()
    {
        // The loop reads the clock at least twice a turn: this is one whole turn more than the one it may have been in.
        for (var i = 0; i < 6; i++)
        {
            var before = Time.Readings;
            Sampler.Wake();
            await Retry.UntilAsync("the loop looks again", () => Time.Readings > before, ct: TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Lets seconds pass until a sample of a container is sent.</summary>
    public async Task<JsonElement> SampleAsync(string id)
    {
        JsonElement found = default;
        await UntilAsync($"a sample of {id[..12]} is sent", () => TakeAll().TryGetValue(id, out found));
        return found;
    }

    /// <summary>The samples that wait to be sent.</summary>
    public Dictionary<string, JsonElement> TakeAll()
    {
        var samples = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        while (_outbound.TryTake() is { } frame)
        {
            var payload = JsonElement.Parse(Encoding.UTF8.GetString(frame.Bytes)).GetProperty("payload");
            samples[payload.GetProperty("container_id").GetString()!] = payload;
        }

        return samples;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _kernel.Dispose();
        await Engine.DisposeAsync();
        _stop.Dispose();
        Tree.Dispose();
        _data.Dispose();
    }
}

/// <summary>A clock that knows how many timers wait on it, and how often it was read.</summary>
internal sealed class CountingTime : FakeTimeProvider
{
    private int _timers;
    private int _readings;

    public int Timers => Volatile.Read(ref _timers);

    public int Readings => Volatile.Read(ref _readings);

    public override long GetTimestamp()
    {
        Interlocked.Increment(ref _readings);
        return base.GetTimestamp();
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Interlocked.Increment(ref _timers);
        return new Counted(base.CreateTimer(callback, state, dueTime, period), this);
    }

    private sealed class Counted(ITimer timer, CountingTime owner) : ITimer
    {
        private int _disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                Interlocked.Decrement(ref owner._timers);
            }

            timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
