using System.Collections.Concurrent;
using System.Text;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Agent.Storage;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace DockMon.Agent.Tests.Connection;

/// <summary>A link to a scripted server, with a clock that the test turns and a log that it reads.</summary>
internal sealed class LinkFixture : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Dialer _dialer;
    private Task _running = Task.CompletedTask;

    private LinkFixture(ScriptedServer server, Dictionary<string, string?> environment)
    {
        Server = server;
        DataPath = Directory.CreateTempSubdirectory("dockmon-link-").FullName;
        environment["DOCKMON_URL"] ??= server.Url.ToString();
        environment["DATA_PATH"] = DataPath;
        var options = AgentOptions.Load(name => environment.GetValueOrDefault(name)).Options;
        _dialer = new Dialer(options);
        Outbound = new Outbound(new Outbox(DataPath), Time, new ListLogger<Outbound>(Lines));
        Link = new ServerLink(
            options,
            _dialer,
            new TokenStore(DataPath),
            (token, _) => Task.FromResult(Describe(token)),
            Outbound,
            State,
            new Random(7),
            Time,
            new ListLogger<ServerLink>(Lines));
    }

    public ScriptedServer Server { get; }

    public string DataPath { get; }

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.UnixEpoch.AddYears(56));

    public Outbound Outbound { get; }

    public ConnectionState State { get; } = new();

    public ServerLink Link { get; }

    public ConcurrentQueue<string> Lines { get; } = new();

    public ConcurrentQueue<string> Received { get; } = new();

    /// <summary>What the agent does between being told to stop and closing the socket.</summary>
    public Func<Task> Finishing { get; set; } = () => Task.CompletedTask;

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

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _dialer.Dispose();
        _stop.Dispose();
        await Server.DisposeAsync();
        Directory.Delete(DataPath, recursive: true);
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

    private sealed class ListLogger<T>(ConcurrentQueue<string> lines) : ILogger<T>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{logLevel}: {formatter(state, exception)}");
    }
}
