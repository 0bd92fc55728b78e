using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DockMon.Hub.Agents.Limits;
using DockMon.Hub.Inventory;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace DockMon.Hub.Tests;

/// <summary>A hub inside the test, with a clock the test turns, and agents that say what the test says.</summary>
internal sealed class HubFixture : IAsyncDisposable
{
    public const string AdminKey = "hub-tests-admin-key";

    private readonly TemporaryFolder _data = new();
    private readonly List<ClientWebSocket> _sockets = [];
    private Func<Task<HubOptions>>? _options;

    public WebApplication App { get; private set; } = null!;

    public HttpClient Http { get; } = new(new ContractHandler(new SocketsHttpHandler()));

    public FakeTimeProvider Time { get; private init; } = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    private AgentLimits Limits { get; init; } = new();

    /// <summary>What the hub has shown on the terminal.</summary>
    public StringWriter Output { get; } = new();

    /// <summary>Names the address of another database than SQLite for a directory.</summary>
    public static Func<string, Task<string>>? DatabaseOf { get; set; }

    /// <summary>The address of its database; null for one that it has to itself.</summary>
    private string? Database { get; init; }

    public static async Task<HubFixture> StartAsync(CancellationToken ct, AgentLimits? limits = null, string? database = null)
    {
        var fixture = new HubFixture { Limits = limits ?? new(), Database = database };
        await fixture.StartAppAsync(ct);
        return fixture;
    }

    /// <summary>Starts a hub with options and a clock of the caller's.</summary>
    public static async Task<HubFixture> StartAsync(Func<Task<HubOptions>> options, FakeTimeProvider time, CancellationToken ct)
    {
        var fixture = new HubFixture { Time = time, _options = options };
        await fixture.StartAppAsync(ct);
        return fixture;
    }

    public async Task RestartAsync(CancellationToken ct)
    {
        await App.DisposeAsync();
        await StartAppAsync(ct);
    }

    public async Task<string> NewTokenAsync(CancellationToken ct, int maxUses = 1)
    {
        using var answer = await Http.PostAsync("/api/tokens", new StringContent($$"""{"max_uses":{{maxUses}}}""", Encoding.UTF8, "application/json"), ct);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(ct)).GetProperty("token").GetString()!;
    }

    /// <summary>The address of a WebSocket of the hub.</summary>
    public Uri Socket(string path) => new(Http.BaseAddress!.ToString().Replace("http", "ws", StringComparison.Ordinal) + path);

    /// <summary>Opens a control socket and sends a first frame.</summary>
    public async Task<ClientWebSocket> DialAsync(string frame, CancellationToken ct)
    {
        var socket = new ClientWebSocket();
        _sockets.Add(socket);
        await socket.ConnectAsync(Socket(ProtocolLimits.ControlPath), ct);
        await SendAsync(socket, frame, ct);
        return socket;
    }

    /// <summary>Registers and returns the socket and the hub's answer.</summary>
    public async Task<(ClientWebSocket Socket, JsonElement Answer)> RegisterAsync(RegisterRequest request, CancellationToken ct)
    {
        var socket = await DialAsync(JsonSerializer.Serialize(request, ProtocolJson.Default.RegisterRequest), ct);
        return (socket, JsonElement.Parse((await ReadAsync(socket, ct))!));
    }

    /// <summary>Registers an agent of an engine with a new token.</summary>
    public async Task<FakeAgent> StartAgentAsync(CancellationToken ct, string engine = "ENGINE:1", string hostname = "host", params string[] extensions)
    {
        var (socket, answer) = await RegisterAsync(With(Request(await NewTokenAsync(ct), engine, hostname), extensions), ct);
        return new FakeAgent(socket, answer);
    }

    /// <summary>Connects an agent that registered before.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="extensions">The extensions that it announces.</param>
    /// <param name="ct">Ends it.</param>
    public async Task<FakeAgent> ReconnectAsync(FakeAgent agent, CancellationToken ct, params string[] extensions)
    {
        var (socket, answer) = await RegisterAsync(With(Request(agent.PermanentToken), extensions), ct);
        return new FakeAgent(socket, answer);
    }

    /// <summary>Opens a WebSocket below the API, as a user with the key.</summary>
    public async Task<ClientWebSocket> ConnectUserAsync(string path, CancellationToken ct)
    {
        var socket = new ClientWebSocket();
        _sockets.Add(socket);
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.SetRequestHeader("X-Api-Key", AdminKey);
        await socket.ConnectAsync(Socket(path.TrimStart('/')), ct);
        return socket;
    }

    /// <summary>Opens the stats socket of an agent.</summary>
    public async Task<ClientWebSocket> ConnectStatsAsync(string permanentToken, CancellationToken ct)
    {
        var socket = new ClientWebSocket();
        _sockets.Add(socket);
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.SetRequestHeader("Authorization", "Bearer " + permanentToken);
        await socket.ConnectAsync(Socket(ProtocolLimits.StatsPath), ct);
        return socket;
    }

    /// <summary>Has the hub know a list of an agent's containers.</summary>
    public Task ListAsync(FakeAgent agent, string list, CancellationToken ct) =>
        App.Services.GetRequiredService<InventoryUpdates>().TakeListAsync(agent.HostId, JsonElement.Parse(list), ct);

    /// <summary>Sends a request to the API; what comes back has been read.</summary>
    public async Task<(HttpStatusCode Status, string Body)> AskAsync(HttpMethod method, string path, string? json, CancellationToken ct)
    {
        using var message = new HttpRequestMessage(method, path);
        message.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await Http.SendAsync(message, ct);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(ct));
    }

    public static Task SendAsync(ClientWebSocket socket, string frame, CancellationToken ct) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(frame), WebSocketMessageType.Text, endOfMessage: true, ct);

    /// <summary>The next text frame; null when the hub closed.</summary>
    public static async Task<string?> ReadAsync(ClientWebSocket socket, CancellationToken ct)
    {
        var buffer = new byte[64 * 1024];
        using var message = new MemoryStream();
        while (true)
        {
            var result = await socket.ReceiveAsync(buffer, ct);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            message.Write(buffer, 0, result.Count);
            if (result.EndOfMessage)
            {
                return Encoding.UTF8.GetString(message.ToArray());
            }
        }
    }

    public static RegisterRequest Request(string token, string engine = "ENGINE:1", string hostname = "host") => new()
    {
        Token = token,
        EngineId = engine,
        Hostname = hostname,
        HostnameSource = HostnameSources.Daemon,
        Version = "3.0.0",
        ProtoVersion = ProtocolLimits.ProtocolVersion,
        Capabilities = new Dictionary<string, bool> { [Capabilities.ContainerOperations] = true, ["something_new"] = true },
    };

    private static RegisterRequest With(RegisterRequest request, string[] extensions) =>
        request with { Capabilities = request.Capabilities.Concat(extensions.Select(name => KeyValuePair.Create(name, true))).ToDictionary() };

    public async ValueTask DisposeAsync()
    {
        foreach (var socket in _sockets)
        {
            socket.Dispose();
        }

        Http.Dispose();
        await App.DisposeAsync();
        _data.Dispose();
    }

    private async Task StartAppAsync(CancellationToken ct)
    {
        App = await HubApplication.BuildAsync(_options is { } own ? await own() : new HubOptions
        {
            Urls = "http://127.0.0.1:0",
            DataPath = _data.Path,
            Database = Database ?? (DatabaseOf is { } other ? await other(_data.Path) : null),
            AdminKey = AdminKey,
            LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
            Limits = Limits,
            PasswordRounds = 100,
            Output = Output,
        }, Time, ct);
        RemoveReflection();
        await App.StartAsync(ct);
        if (Http.BaseAddress is null)
        {
            Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdminKey);
            Http.BaseAddress = new Uri(App.Urls.Single());
        }
    }

    /// <summary>Leaves the hub only the JSON types that it has as a native program, where a type that no context knows is an error.</summary>
    private void RemoveReflection()
    {
        var resolvers = App.Services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions.TypeInfoResolverChain;
        foreach (var resolver in resolvers.OfType<DefaultJsonTypeInfoResolver>().ToList())
        {
            resolvers.Remove(resolver);
        }
    }
}
