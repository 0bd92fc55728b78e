using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Testing;

namespace DockMon.Integration.Tests;

/// <summary>A hub that containers on Docker's bridge can reach.</summary>
internal sealed class HubForContainers : IAsyncDisposable
{
    private const string AdminKey = "integration-tests-admin-key";

    private readonly TemporaryFolder _data = new();
    private readonly ProgramProcess _process;
    private readonly HubClient _client;

    private HubForContainers(string gateway)
    {
        var address = $"{gateway}:{FreePort.Next()}";
        Url = $"ws://{address}";
        _process = HubProcess.Start(new Dictionary<string, string>
        {
            ["HUB_URLS"] = $"http://{address}",
            ["HUB_DATA"] = _data.Path,
            ["HUB_ADMIN_KEY"] = AdminKey
        });
        _client = new HubClient($"http://{address}", AdminKey);
    }

    /// <summary>What DOCKMON_URL is to be.</summary>
    public string Url { get; }

    public static async Task<HubForContainers> StartAsync(DockerCli docker, CancellationToken ct)
    {
        // As a container sees it: of a bridge that it has made itself at this start, Docker 20.10 does not name the gateway.
        var hub = new HubForContainers(await docker.RunAsync(["run", "--rm", TestImage.Name, "sh", "-c", "ip route | awk '/^default/ { print $3 }'"], ct));
        await Retry.UntilAsync("the hub answers", async () => (await hub._client.GetAsync("/health", ct)).ValueKind == JsonValueKind.Object, ct: ct);
        return hub;
    }

    /// <summary>A registration token.</summary>
    public async Task<string> NewTokenAsync(CancellationToken ct) => (await _client.PostAsync("/api/tokens", null, ct)).GetProperty("token").GetString()!;

    /// <summary>The hosts it knows.</summary>
    public async Task<IReadOnlyList<JsonElement>> HostsAsync(CancellationToken ct) => [.. (await _client.GetAsync("/api/hosts", ct)).EnumerateArray()];

    /// <summary>How many hosts are connected.</summary>
    public async Task<int> ConnectedAsync(CancellationToken ct) => (await HostsAsync(ct)).Count(host => host.GetProperty("connected").GetBoolean());

    /// <summary>Has the agent that is connected execute a command.</summary>
    /// <exception cref="InvalidOperationException">It refused; the message has its words.</exception>
    public async Task CommandAsync(string command, JsonObject payload, CancellationToken ct)
    {
        var id = (await HostsAsync(ct)).Single(host => host.GetProperty("connected").GetBoolean()).GetProperty("id").GetString();
        await _client.PostAsync($"/api/hosts/{id}/command", new JsonObject { ["command"] = command, ["payload"] = payload }.ToJsonString(), ct);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _client.Dispose();
        _data.Dispose();
    }
}
