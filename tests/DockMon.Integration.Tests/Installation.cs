using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Testing;

namespace DockMon.Integration.Tests;

/// <summary>A hub and an agent as a user has them: two programs, with a link between them that a test can cut.</summary>
internal sealed class Installation : IAsyncDisposable
{
    private const string AdminKey = "integration-tests-admin-key";

    private readonly TemporaryFolder _hubData = new();
    private readonly TemporaryFolder _agentFolder = new();
    private readonly int _hubPort = FreePort.Next();
    private readonly string? _engine;
    private readonly IReadOnlyDictionary<string, string> _extra;
    private readonly IReadOnlyList<string>? _emulator;

    private Installation(string? engine, IReadOnlyDictionary<string, string>? extra, IReadOnlyList<string>? emulator)
    {
        _engine = engine;
        _emulator = emulator;
        _extra = extra ?? new Dictionary<string, string>();
        Link = FaultProxy.Start(_hubPort);
        Http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri($"http://127.0.0.1:{_hubPort}"), Timeout = TimeSpan.FromMinutes(5) };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdminKey);
    }

    /// <summary>The way from the agent to the hub.</summary>
    public FaultProxy Link { get; }

    /// <summary>The hub's API, with its key.</summary>
    public HttpClient Http { get; }

    public ProgramProcess Hub { get; private set; } = null!;

    public ProgramProcess Agent { get; private set; } = null!;

    public string HostId { get; private set; } = "";

    public string RegistrationToken { get; private set; } = "";

    /// <summary>The agent's data; a directory of its own unless the test gave DATA_PATH.</summary>
    public string AgentData => _extra.GetValueOrDefault("DATA_PATH") ?? _agentFolder.Path;

    /// <summary>The journals of the updates under way.</summary>
    public IReadOnlyList<string> Journals()
    {
        try
        {
            return [.. Directory.GetFiles(Path.Combine(AgentData, "updates"), "*.json").Select(File.ReadAllText)];
        }
        catch (FileNotFoundException)
        {
            return []; // Closed in between.
        }
    }

    /// <summary>Starts both and waits until the agent has registered.</summary>
    /// <param name="ct">Ends the wait.</param>
    /// <param name="engine">The engine; the machine's own when null.</param>
    /// <param name="environment">Further variables of the agent.</param>
    /// <param name="emulator">What runs the agent when it is another program than usual, and that program.</param>
    public static async Task<Installation> StartAsync(
        CancellationToken ct, string? engine = null, IReadOnlyDictionary<string, string>? environment = null, IReadOnlyList<string>? emulator = null)
    {
        var installation = new Installation(engine, environment, emulator);
        try
        {
            await installation.StartHubAsync(ct);
            var token = await (await installation.Http.PostAsync("/api/tokens", null, ct)).Content.ReadFromJsonAsync<JsonElement>(ct);
            installation.RegistrationToken = token.GetProperty("token").GetString()!;
            installation.StartAgent();
            await installation.WaitForAgentAsync(ct);
            return installation;
        }
        catch
        {
            await installation.DisposeAsync();
            throw;
        }
    }

    public async Task StartHubAsync(CancellationToken ct)
    {
        Hub = HubProcess.Start(new Dictionary<string, string>
        {
            ["HUB_URLS"] = $"http://127.0.0.1:{_hubPort}",
            ["HUB_DATA"] = _hubData.Path,
            ["HUB_ADMIN_KEY"] = AdminKey,
        });
        await Retry.UntilAsync("the hub answers", async () => (await Http.GetAsync("/health", ct)).IsSuccessStatusCode, ct: ct);
    }

    public void StartAgent()
    {
        var environment = new Dictionary<string, string>
        {
            ["DOCKMON_URL"] = $"ws://127.0.0.1:{Link.Port}",
            ["REGISTRATION_TOKEN"] = RegistrationToken,
            ["DATA_PATH"] = AgentData,
            ["LOG_JSON"] = "false",
            ["LOG_LEVEL"] = "debug",
            ["RECONNECT_INITIAL"] = "100ms",
            ["RECONNECT_MAX"] = "1s",
        };
        if (_engine is not null)
        {
            environment["DOCKER_HOST"] = _engine;
        }

        foreach (var (name, value) in _extra)
        {
            environment[name] = value;
        }

        Agent = _emulator is null ? AgentProcess.Start(environment) : AgentProcess.Start(_emulator[0], [.. _emulator.Skip(1)], environment);
    }

    public Task WaitForAgentAsync(CancellationToken ct, bool connected = true) =>
        Retry.UntilAsync(
            connected ? "the agent is connected" : "the agent is disconnected",
            async () =>
            {
                var hosts = await Http.GetFromJsonAsync<JsonElement>("/api/hosts", ct);
                if (hosts.GetArrayLength() == 0)
                {
                    return false;
                }

                HostId = hosts[0].GetProperty("id").GetString()!;
                return hosts[0].GetProperty("connected").GetBoolean() == connected;
            }, ct: ct);

    /// <summary>Has the agent do a container operation; its whole answer, or the problem's words as an exception.</summary>
    public Task<JsonElement> OperateAsync(string action, string container, CancellationToken ct, JsonObject? fields = null)
    {
        var payload = fields ?? [];
        payload["action"] = action;
        payload["container_id"] = container;
        return PostAsync($"/api/hosts/{HostId}/operation?timeout_seconds=120&reveal=true", payload, ct);
    }

    public Task<JsonElement> CommandAsync(string command, CancellationToken ct, JsonObject? payload = null) =>
        PostAsync($"/api/hosts/{HostId}/command?timeout_seconds=240&reveal=true", new JsonObject { ["command"] = command, ["payload"] = payload }, ct);

    /// <summary>Has the agent update a container while it listens to the hub's stream.</summary>
    /// <param name="payload">The command's payload.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <param name="limit">How long it may take.</param>
    /// <returns>The event that ended it, its name and its data.</returns>
    public async Task<(string Event, string Data)> UpdateAsync(JsonObject payload, CancellationToken ct, TimeSpan? limit = null)
    {
        await using var stream = await Http.GetStreamAsync("/api/stream", ct);
        using var reader = new StreamReader(stream);
        await reader.ReadLineAsync(ct);
        await CommandAsync("update_container", ct, payload);
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timer.CancelAfter(limit ?? TimeSpan.FromMinutes(3));
        try
        {
            while (await reader.ReadLineAsync(timer.Token) is { } line)
            {
                if (line is "event: update_complete" or "event: update_progress"
                    && await reader.ReadLineAsync(timer.Token) is { } data
                    && (line == "event: update_complete" || data.Contains("\"stage\":\"failed\"", StringComparison.Ordinal)))
                {
                    return (line["event: ".Length..], data);
                }
            }
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException($"The update did not end.{Environment.NewLine}{Agent.Tail()}", e);
        }

        throw new InvalidOperationException("The hub closed its stream.");
    }

    /// <summary>The container events the hub has, the oldest first, as "action" of one container.</summary>
    public async Task<List<string>> EventsOfAsync(string containerId, CancellationToken ct)
    {
        var events = await Http.GetFromJsonAsync<JsonElement>($"/api/hosts/{HostId}/events?limit=10000", ct);
        return [.. events.EnumerateArray()
            .Where(e => e.GetProperty("container_id").GetString() == containerId)
            .Select(e => e.GetProperty("action").GetString()!)
            .Reverse()];
    }

    public async ValueTask DisposeAsync()
    {
        // Either may not have been started when the set-up failed.
        foreach (var program in new ProgramProcess?[] { Agent, Hub })
        {
            if (program is not null)
            {
                await program.DisposeAsync();
            }
        }

        await Link.DisposeAsync();
        Http.Dispose();
        _hubData.Dispose();
        _agentFolder.Dispose();
    }

    private async Task<JsonElement> PostAsync(string path, JsonObject body, CancellationToken ct)
    {
        using var content = new StringContent(body.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
        using var response = await Http.PostAsync(path, content, ct);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(ct);
        return response.IsSuccessStatusCode ? answer : throw new OperationFailedException(answer.GetProperty("detail").GetString()!);
    }
}

/// <summary>The agent, or the hub for it, said no.</summary>
internal sealed class OperationFailedException(string message) : Exception(message);
