using System.Net.Http.Headers;
using System.Net.Http.Json;
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
    private readonly HttpClient _http;

    private HubForContainers(string gateway)
    {
        var address = $"{gateway}:{FreePort.Next()}";
        Url = $"ws://{address}";
        _process = HubProcess.Start(new Dictionary<string, string> { ["HUB_URLS"] = $"http://{address}", ["HUB_DATA"] = _data.Path, ["HUB_ADMIN_KEY"] = AdminKey });
        _http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri($"http://{address}") };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdminKey);
    }

    /// <summary>What DOCKMON_URL is to be.</summary>
    public string Url { get; }

    public static async Task<HubForContainers> StartAsync(DockerCli docker, CancellationToken ct)
    {
        // As a container sees it: of a bridge that it has made itself at this start, Docker 20.10 does not name the gateway.
        var hub = new HubForContainers(await docker.RunAsync(["run", "--rm", TestImage.Name, "sh", "-c", "ip route | awk '/^default/ { print $3 }'"], ct));
        await Retry.UntilAsync("the hub answers", async () => (await hub._http.GetAsync("/health", ct)).IsSuccessStatusCode, ct: ct);
        return hub;
    }

    /// <summary>A registration token.</summary>
    public async Task<string> NewTokenAsync(CancellationToken ct) =>
        (await (await _http.PostAsync("/api/tokens", null, ct)).Content.ReadFromJsonAsync<JsonElement>(ct)).GetProperty("token").GetString()!;

    /// <summary>The hosts it knows.</summary>
    public async Task<IReadOnlyList<JsonElement>> HostsAsync(CancellationToken ct) => [.. (await _http.GetFromJsonAsync<JsonElement>("/api/hosts", ct)).EnumerateArray()];

    /// <summary>How many hosts are connected.</summary>
    public async Task<int> ConnectedAsync(CancellationToken ct) => (await HostsAsync(ct)).Count(host => host.GetProperty("connected").GetBoolean());

    /// <summary>Has the agent that is connected execute a command.</summary>
    /// <exception cref="InvalidOperationException">It refused; the message has its words.</exception>
    public async Task CommandAsync(string command, JsonObject payload, CancellationToken ct)
    {
        var id = (await HostsAsync(ct)).Single(host => host.GetProperty("connected").GetBoolean()).GetProperty("id").GetString();
        using var response = await _http.PostAsJsonAsync($"/api/hosts/{id}/command", new JsonObject { ["command"] = command, ["payload"] = payload }, ct);
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException(await response.Content.ReadAsStringAsync(ct));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _http.Dispose();
        _data.Dispose();
    }
}
