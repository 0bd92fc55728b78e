using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace DockMon.Testing;

/// <summary>One thing the hub's stream said.</summary>
public sealed record StreamItem(string Name, JsonElement Data);

/// <summary>The hub's API, as anybody's program may use it.</summary>
public sealed class HubClient : IDisposable
{
    private readonly HttpClient _http;

    public HubClient(string url, string adminKey)
    {
        _http = new HttpClient(new SocketsHttpHandler(), disposeHandler: true) { BaseAddress = new Uri(url), Timeout = TimeSpan.FromMinutes(5) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", adminKey);
    }

    public Task<JsonElement> GetAsync(string path, CancellationToken ct) => SendAsync(HttpMethod.Get, path, body: null, ct);

    public Task<JsonElement> PostAsync(string path, string? body, CancellationToken ct) => SendAsync(HttpMethod.Post, path, body, ct);

    public Task<JsonElement> PutAsync(string path, string body, CancellationToken ct) => SendAsync(HttpMethod.Put, path, body, ct);

    /// <summary>Follows <c>/api/stream</c> until the hub ends it.</summary>
    public async IAsyncEnumerable<StreamItem> FollowAsync([EnumeratorCancellation] CancellationToken ct)
    {
        using var response = await _http.GetAsync("/api/stream", HttpCompletionOption.ResponseHeadersRead, ct);
        response.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(ct));
        var name = "";
        while (await reader.ReadLineAsync(ct) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                name = line["event: ".Length..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                yield return new StreamItem(name, JsonElement.Parse(line["data: ".Length..]).GetProperty("data"));
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonElement> SendAsync(HttpMethod method, string path, string? body, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        using var response = await _http.SendAsync(request, ct);
        var text = await response.Content.ReadAsStringAsync(ct);
        return response.IsSuccessStatusCode ? JsonElement.Parse(text.Length == 0 ? "null" : text)
            : throw new InvalidOperationException($"{method} {path}: {(int)response.StatusCode} {text}");
    }
}
