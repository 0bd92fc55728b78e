using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using DockMon.Testing;

namespace DockMon.Bench;

/// <summary>A hub and an agent that has registered with it, through a proxy that counts and can be cut.</summary>
internal sealed class Session : IAsyncDisposable
{
    private static readonly TimeSpan RegisterLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _data = new();
    private readonly ProgramProcess _hub;
    private readonly string _url;

    private Session(TimeProvider time)
    {
        Traffic = new Traffic(time);
        var port = FreePort.Next();
        _url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
        Link = FaultProxy.Start(port, Traffic.Watch);
        var key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        Client = new HubClient(_url, key);
        _hub = HubProcess.Start(new Dictionary<string, string>
        {
            ["HUB_URLS"] = _url,
            ["HUB_DATA"] = Path.Combine(_data.Path, "hub"),
            ["HUB_ADMIN_KEY"] = key,
        });
    }

    /// <summary>The way from the agent to the hub.</summary>
    public FaultProxy Link { get; }

    /// <summary>What passes there.</summary>
    public Traffic Traffic { get; }

    /// <summary>The hub's API.</summary>
    public HubClient Client { get; }

    public ProgramProcess Agent { get; private set; } = null!;

    /// <summary>The hub's id of this machine.</summary>
    public string HostId { get; private set; } = "";

    /// <summary>From the start of the agent's process to the hub's answer that it is registered.</summary>
    public TimeSpan StartToRegistered { get; private set; }

    /// <summary>Starts both and waits until the agent has registered.</summary>
    public static async Task<Session> StartAsync(Contestant contestant, TimeProvider time, CancellationToken ct)
    {
        var session = new Session(time);
        try
        {
            await session.RegisterAsync(contestant, time, ct);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Has the agent do a container operation.</summary>
    public Task<JsonElement> OperateAsync(string action, string container, CancellationToken ct) =>
        Client.PostAsync($"/api/hosts/{HostId}/operation?timeout_seconds=50", $$"""{"action":"{{action}}","container_id":"{{container}}"}""", ct);

    /// <summary>Has the agent do a command.</summary>
    public Task<JsonElement> CommandAsync(string command, string payload, CancellationToken ct) =>
        Client.PostAsync($"/api/hosts/{HostId}/command?timeout_seconds=50", $$"""{"command":"{{command}}","payload":{{payload}}}""", ct);

    public async ValueTask DisposeAsync()
    {
        if (Agent is not null)
        {
            await Agent.EndAsync(ShutdownLimit);
        }

        await _hub.EndAsync(ShutdownLimit);
        await Link.DisposeAsync();
        Client.Dispose();
        _data.Dispose();
    }

    private async Task RegisterAsync(Contestant contestant, TimeProvider time, CancellationToken ct)
    {
        await Retry.UntilAsync("the hub answers", async () => (await Client.GetAsync("/health", ct)).ValueKind == JsonValueKind.Object, ct: ct);
        var token = (await Client.PostAsync("/api/tokens", null, ct)).GetProperty("token").GetString()!;
        var environment = new Dictionary<string, string>(contestant.Environment)
        {
            ["DOCKMON_URL"] = string.Create(CultureInfo.InvariantCulture, $"ws://127.0.0.1:{Link.Port}"),
            ["REGISTRATION_TOKEN"] = token,
            ["DATA_PATH"] = Directory.CreateDirectory(Path.Combine(_data.Path, "agent")).FullName,
        };
        var answered = Traffic.NextAnswer();
        var started = time.GetTimestamp();
        Agent = AgentProcess.Start(contestant.Command[0], [.. contestant.Command.Skip(1)], environment);
        try
        {
            StartToRegistered = time.GetElapsedTime(started, await answered.WaitAsync(RegisterLimit, time, ct));
            // The answer may have been no.
            await Retry.UntilAsync("the hub has the agent connected", async () => (await HostAsync(ct)).GetProperty("connected").GetBoolean(), ct: ct);
            HostId = (await HostAsync(ct)).GetProperty("id").GetString()!;
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"The agent {contestant.Name} did not register: {e.Message}{Environment.NewLine}{Agent.Tail()}", e);
        }
    }

    private async Task<JsonElement> HostAsync(CancellationToken ct) => (await Client.GetAsync("/api/hosts", ct)).EnumerateArray().First();
}
