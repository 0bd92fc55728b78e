using System.Collections.Concurrent;
using System.Text;
using DockMon.Agent.Audit;
using DockMon.Agent.Audit.Chain;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection;
using DockMon.Agent.Connection.Dialing;
using DockMon.Agent.Delivery;
using DockMon.Agent.Storage;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace DockMon.Agent.Tests.Connection;

/// <summary>A link to a scripted server, with a clock that the test turns and a log that it reads.</summary>
internal sealed class LinkFixture : IAsyncDisposable
{
    private readonly TemporaryFolder _data = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Dialer _dialer;
    private readonly AuditTrail _trail;
    private Task _running = Task.CompletedTask;

    private LinkFixture(ScriptedServer server, Dictionary<string, string?> environment)
    {
        Server = server;
        environment["DOCKMON_URL"] ??= server.Url.ToString();
        environment["DATA_PATH"] = DataPath;
        var options = AgentOptions.Load(name => environment.GetValueOrDefault(name)).Options;
        _dialer = new Dialer(options);
        _trail = new AuditTrail(AuditReader.FolderIn(DataPath), 1024 * 1024, "ws://h/", Time);
        Audit = new AuditLog(new AuditWriter(_trail, Time, NullLogger.Instance), Time);
        Outbound = new Outbound(new Outbox(DataPath), Time, Log.CreateLogger<Outbound>());
        var context = new AgentContext(options, Log, Time, new Random(7)) { Audit = Audit };
        Link = new ServerLink(context, _dialer, new TokenStore(DataPath), DescribeAsync, Outbound, State);
    }

    /// <summary>How long a test waits for something that is to happen.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromMinutes(1);

    public ScriptedServer Server { get; }

    public string DataPath => _data.Path;

    public AuditLog Audit { get; }

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.UnixEpoch.AddYears(56));

    public Outbound Outbound { get; }

    public ConnectionState State { get; } = new();

    public ServerLink Link { get; }

    public LogCapture Log { get; } = new();

    public string[] Lines => Log.Lines;

    public ConcurrentQueue<string> Received { get; } = new();

    /// <summary>When the agent began to connect, each time, by its own clock.</summary>
    public ConcurrentQueue<DateTimeOffset> Tries { get; } = new();

    /// <summary>What the agent does between being told to stop and closing the socket.</summary>
    public Func<Task> Finishing { get; set; } = () => Task.CompletedTask;

    /// <summary>What every try ends with before it has dialled; null for none.</summary>
    public Exception? Unforeseen { get; set; }

    public static async Task<LinkFixture> CreateAsync(params (string Name, string? Value)[] environment)
    {
        var variables = new Dictionary<string, string?> { ["DOCKMON_URL"] = null, ["REGISTRATION_TOKEN"] = "one-time" };
        foreach (var (name, value) in environment)
        {
            variables[name] = value;
        }

        return new LinkFixture(await ScriptedServer.StartAsync(), variables);
    }

    public void Start() => _running = Link.RunAsync(frame => Received.Enqueue(Encoding.UTF8.GetString(frame.Span)), () => Finishing(), _stop.Token);

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    /// <summary>Turns the clock second by second until a condition holds.</summary>
    public Task AdvanceUntilAsync(string reason, Func<bool> condition) =>
        Retry.UntilAsync(
            reason,
            () =>
            {
                if (condition())
                {
                    return true;
                }

                Time.Advance(TimeSpan.FromSeconds(1));
                return false;
            },
            Patience,
            TestContext.Current.CancellationToken);

    /// <summary>After a new connection, waits until the agent has said how a try ended; otherwise gives it a moment to make one.</summary>
    public Task SettleAsync(int seen) =>
        Server.Connections == seen
            ? Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, TestContext.Current.CancellationToken)
            : Retry.UntilAsync("a try has ended", () => Lines.Any(line => line.Contains("Next try in")), Patience, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
        await Server.DisposeAsync();
        await Audit.StopAsync(Patience);
        _trail.Dispose();
        _data.Dispose();
    }

    public static RegisterRequest Describe(string token) => new()
    {
        Token = token,
        EngineId = "ENGINE:1",
        Hostname = "test",
        HostnameSource = HostnameSources.Daemon,
        Version = "3.0.0",
        ProtoVersion = ProtocolLimits.ProtocolVersion,
        Capabilities = new Dictionary<string, bool>(),
    };

    private Task<RegisterRequest> DescribeAsync(string token, CancellationToken ct)
    {
        Tries.Enqueue(Time.GetUtcNow());
        return Unforeseen is null ? Task.FromResult(Describe(token)) : Task.FromException<RegisterRequest>(Unforeseen);
    }
}
