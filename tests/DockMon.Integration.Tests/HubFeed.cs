using System.Net.Http.Headers;
using System.Text.Json;

namespace DockMon.Integration.Tests;

/// <summary>The hub's stream of events from the moment it was opened: what the hub still knows of before is bounded, and no test relies on it.</summary>
internal sealed class HubFeed : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    private HubFeed(HttpResponseMessage response, StreamReader reader) => (_response, _reader) = (response, reader);

    public static async Task<HubFeed> OpenAsync(HttpClient http, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/stream");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        var reader = new StreamReader(await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(ct));
        await reader.ReadLineAsync(ct);
        return new HubFeed(response, reader);
    }

    /// <summary>Reads until an event is the one that is waited for, and returns all before it and that one.</summary>
    public async Task<List<(string Name, JsonElement Data)>> ReadUntilAsync(Func<string, JsonElement, bool> last, CancellationToken ct)
    {
        var seen = new List<(string, JsonElement)>();
        var name = "";
        while (await _reader.ReadLineAsync(ct) is { } line)
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

    public void Dispose()
    {
        _reader.Dispose();
        _response.Dispose();
    }
}
