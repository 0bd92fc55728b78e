using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Agent.Audit;
using DockMon.Agent.Commands;
using DockMon.Agent.Configuration;
using DockMon.Agent.Delivery;
using DockMon.Agent.Policies;
using DockMon.Agent.Tests.Hosting;
using DockMon.Agent.Tests.Policies;
using DockMon.Agent.Update;
using DockMon.Agent.Update.Journal;
using DockMon.Agent.Update.Steps;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;

namespace DockMon.Agent.Tests.Update;

/// <summary>As much of an agent as updates need, on a <see cref="FakeDocker"/>. Its time passes only while a test waits for something.</summary>
internal sealed class FakeAgent
{
    private readonly FakeSocket _socket;
    private readonly Routes _routes = new();

    public FakeAgent(FakeDocker docker, string dataPath, string bootId = "boot", ILogger<UpdateStore>? storeLog = null, AuditLog? audit = null)
    {
        _socket = docker.Connect(TimeProvider.System);
        var engine = _socket.Client;
        Store = new UpdateStore(dataPath, Time, storeLog ?? NullLogger<UpdateStore>.Instance);
        Outbound = new Outbound(new Outbox(dataPath), Time, NullLogger<Outbound>.Instance);
        var report = new UpdateReporter(Outbound, audit ?? AuditLog.Off, Time);
        var context = new AgentContext(
            new AgentOptions { ServerUrl = new Uri("ws://h"), DataPath = dataPath },
            NullLoggerFactory.Instance,
            Time,
            new Random(1))
        {
            Policies = Policies,
        };
        var updater = new ContainerUpdater(context, engine, Store, report, Lanes, new RestartDetector(engine, () => bootId));
        Queue = new UpdateQueue(updater, Store, report, Lanes, Time, NullLogger<UpdateQueue>.Instance);
        var gate = Gates.Of(Policies, engine);
        new UpdateCommand(context, engine, updater, Queue, report, TestOwnContainers.None, gate, Gates.OpenForCreates).AddTo(_routes);
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 30, 8, 0, 0, TimeSpan.Zero));

    public UpdateStore Store { get; }

    public UpdateQueue Queue { get; }

    public Outbound Outbound { get; }

    public PolicySource Policies { get; } = Gates.NoPolicy;

    public Lanes Lanes { get; } = new();

    /// <summary>Has a container updated to the image app:2, as a server would; its answer.</summary>
    public async Task<string> UpdateAsync(string container, CancellationToken ct)
    {
        var payload = JsonSerializer.SerializeToElement(new JsonObject { ["container_id"] = container, ["new_image"] = "app:2", ["stop_timeout"] = 1 });
        return System.Text.Encoding.UTF8.GetString(await _routes.Commands["update_container"].Bind(payload).Run(ct));
    }

    public void Recover() => Queue.Recover();

    public void Stop() => Queue.Stop();

    public Task WhenEndedAsync() => Queue.WhenEndedAsync(TimeSpan.FromDays(1));

    /// <summary>Ends it in the middle of whatever it does.</summary>
    public void Kill() => _socket.Kill();

    /// <summary>Lets its time pass until something is so, a little at a time, so that there is time for what is to be done in it.</summary>
    public async Task UntilAsync(string reason, Func<bool> condition, CancellationToken ct, int milliseconds = 500)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            TimeProvider.System.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(60), $"it never came to be that {reason}");
            Time.Advance(TimeSpan.FromMilliseconds(milliseconds));
            await Task.Delay(TimeSpan.FromMilliseconds(3), TimeProvider.System, ct);
        }
    }

    /// <summary>Lets its time pass until no update is under way.</summary>
    public Task UntilEndedAsync(CancellationToken ct) => UntilAsync("no update is under way", () => Queue.IsEmpty, ct);

    /// <summary>Lets its time pass until nothing is looked at any more, either.</summary>
    public Task UntilForgottenAsync(CancellationToken ct) =>
        UntilAsync("nothing of an update is left to look at", () => Queue.IsEmpty && Store.Ended().Count == 0, ct, milliseconds: 5000);

    /// <summary>Every frame for the server so far.</summary>
    public IReadOnlyList<string> Frames()
    {
        var frames = new List<string>();
        while (Outbound.TryTake() is { } frame)
        {
            frames.Add(System.Text.Encoding.UTF8.GetString(frame.Bytes));
        }

        return frames;
    }
}
