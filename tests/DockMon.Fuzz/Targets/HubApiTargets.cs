using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace DockMon.Fuzz.Targets;

/// <summary>What a client of the hub's API sends that has the key.</summary>
internal static class HubApiTargets
{
    private static readonly Func<FuzzedHub, byte[], HttpRequestMessage?>[] Requests =
    [
        (_, body) => Body(HttpMethod.Post, "/api/tokens", body),
        (hub, body) => Body(HttpMethod.Put, $"/api/hosts/{hub.HostId}/health-checks", body),
        (hub, body) => Body(HttpMethod.Post, $"/api/hosts/{hub.HostId}/command", body),
        (hub, body) => Body(HttpMethod.Post, $"/api/hosts/{hub.HostId}/operation", body),
        (hub, body) => Body(HttpMethod.Post, $"/api/hosts/{hub.HostId}/containers/c/remove", body),
        (_, header) => WithHeader("/api/stream", "Last-Event-ID", header),
        (_, header) => WithHeader("/api/hosts", "Authorization", header),
        (hub, query) => new HttpRequestMessage(HttpMethod.Get, $"/api/hosts/{hub.HostId}/stats/history?container_id={Escaped(query)}&from={Escaped(query)}"),
        (hub, query) => new HttpRequestMessage(HttpMethod.Get, $"/api/hosts/{hub.HostId}/events?limit={Escaped(query)}"),
        (_, path) => new HttpRequestMessage(HttpMethod.Get, $"/api/hosts/{Escaped(path)}"),
    ];

    /// <summary>A request; its first byte chooses which (A is the first). It is answered, and by no error that nobody foresaw.</summary>
    public static void Request(byte[] input)
    {
        if (input.Length == 0)
        {
            return;
        }

        var hub = FuzzedHub.Instance;
        using var request = FuzzTarget.Choose(Requests, input[0])(hub, input[1..]);
        if (request is null)
        {
            return;
        }

        // A stream of events goes on for ever: its beginning is all.
        using var answer = hub.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, CancellationToken.None).Ended();
        FuzzFailure.When(answer.StatusCode == HttpStatusCode.InternalServerError, $"{request.Method} {request.RequestUri} is answered with 500");
        if (answer.Content.Headers.ContentType?.MediaType is "application/json" or "application/problem+json")
        {
            using var json = JsonDocument.Parse(answer.Content.ReadAsByteArrayAsync().Ended());
        }
    }

    private static HttpRequestMessage Body(HttpMethod method, string path, byte[] body) => new(method, path)
    {
        Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
    };

    // What cannot stand in a header at all is refused by Kestrel.
    private static HttpRequestMessage? WithHeader(string path, string name, byte[] value)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (!value.AsSpan().ContainsAnyExceptInRange((byte)' ', (byte)'~') && request.Headers.TryAddWithoutValidation(name, Encoding.ASCII.GetString(value)))
        {
            return request;
        }

        request.Dispose();
        return null;
    }

    private static string Escaped(byte[] text) => Uri.EscapeDataString(Encoding.Latin1.GetString(text));
}
