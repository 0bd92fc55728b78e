using System.Net.Http.Headers;
using System.Text.Json;

namespace DockMon.Integration.Tests;

/// <summary>The hub's stream of events, from its first one on.</summary>
internal static class HubFeed
{
    /// <summary>Reads until an event is the one that is waited for, and returns all of that kind with those before it.</summary>
    public static async Task<List<(string Name, JsonElement Data)>> ReadUntilAsync(HttpClient http, Func<string, JsonElement, bool> last, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/stream") { Headers = { { "Last-Event-ID", "0" } } };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        using var reader = new StreamReader(await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(ct));
        var seen = new List<(string, JsonElement)>();
        var name = "";
        while (await reader.ReadLineAsync(ct) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                name = line[7..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                var data = JsonSerializer.Deserialize<JsonElement>(line[6..]).GetProperty("data");
                seen.Add((name, data));
                if (last(name, data))
                {
                    return seen;
                }
            }
        }

        throw new EndOfStreamException("the hub ended its stream");
    }
}
