using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using DockMon.Protocol;

namespace DockMon.Chaos;

/// <summary>What users and their tools ask the hubs.</summary>
internal sealed partial class HubApi : IDisposable
{
    private readonly IReadOnlyList<Uri> _hubs;
    private readonly HttpClient _http =
        new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) }, disposeHandler: true) { Timeout = TimeSpan.FromSeconds(40) };

    public HubApi(IReadOnlyList<Uri> hubs)
    {
        _hubs = hubs;
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Servers.AdminKey);
    }

    public async Task<string> NewTokenAsync(int uses, CancellationToken ct)
    {
        using var body = Json($$"""{"max_uses":{{uses}}}""");
        using var answer = await _http.PostAsync(new Uri(_hubs[0], "/api/tokens"), body, ct);
        return JsonElement.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(ct)).GetProperty("token").GetString()!;
    }

    /// <summary>Has an agent do something that must not be done twice.</summary>
    /// <returns>The status, or why there was none, and the body of the answer.</returns>
    public async Task<(string Status, string Body)> CommandAsync(int hub, string hostId, long number, CancellationToken ct)
    {
        try
        {
            using var body = Json($$"""{"command":"{{CommandNames.PruneImages}}","payload":{"n":{{number}}} }""");
            using var answer = await _http.PostAsync(new Uri(_hubs[hub], $"/api/hosts/{hostId}/command?timeout_seconds=20"), body, ct);
            return (((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture), await answer.Content.ReadAsStringAsync(ct));
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return ("no answer", e.Message);
        }
    }

    /// <summary>Number of hosts that a hub shows as connected.</summary>
    public async Task<int> ConnectedAsync(int hub, CancellationToken ct) =>
        (await GetAsync(hub, "/api/hosts", ct)).EnumerateArray().Count(host => host.GetProperty("connected").GetBoolean());

    /// <summary>The hosts whose agents are connected to a hub itself.</summary>
    public async Task<IReadOnlyList<string>> OwnAsync(int hub, CancellationToken ct) =>
        [.. OwnAgent().Matches(await _http.GetStringAsync(new Uri(_hubs[hub], "/metrics"), ct)).Select(match => match.Groups[1].Value)];

    /// <summary>The numbers of a host's stored events.</summary>
    public async Task<IReadOnlyList<long>> EventsAsync(string hostId, CancellationToken ct) =>
        [.. (await GetAsync(0, $"/api/hosts/{hostId}/events?limit=10000", ct)).EnumerateArray()
            .Select(e => long.Parse(e.GetProperty("container_id").GetString()!, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];

    public void Dispose() => _http.Dispose();

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private async Task<JsonElement> GetAsync(int hub, string path, CancellationToken ct) =>
        JsonElement.Parse(await _http.GetStringAsync(new Uri(_hubs[hub], path), ct));

    [GeneratedRegex("""^dockmon_agent_connected\{host_id="([^"]+)".*\} 1$""", RegexOptions.Multiline)]
    private static partial Regex OwnAgent();
}
