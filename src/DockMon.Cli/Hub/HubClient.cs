using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace DockMon.Cli.Hub;

/// <summary>The API of a hub. Failures become messages and exit codes.</summary>
internal sealed class HubClient : IDisposable
{
    private readonly Settings _settings;
    private readonly HubTls _tls;
    private readonly HttpClient? _http;

    public HubClient(Settings settings)
    {
        _settings = settings;
        _tls = new HubTls(settings);
        if (settings.Hub is null)
        {
            return;
        }

        if (!Uri.TryCreate(settings.Hub + "/", UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new CliException(ExitCodes.Usage, $"the hub's address is \"{settings.Hub}\": it must be one such as https://hub.example.com:8090");
        }

        _http = new HttpClient(new SocketsHttpHandler { SslOptions = _tls.Options, ConnectTimeout = TimeSpan.FromSeconds(15), AllowAutoRedirect = false })
        {
            BaseAddress = address,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (settings.Token is { } token)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    private HttpClient Http => _http
        ?? throw new CliException(ExitCodes.NoHub, "no hub is named: run dockmon login ADDRESS, or set DOCKMON_HUB and DOCKMON_TOKEN");

    /// <summary>Asks for something.</summary>
    public async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken ct)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, null, ct);
        return await ReadAsync(answer, type, ct);
    }

    /// <summary>Sends a request with a JSON body; null for none.</summary>
    public async Task<T> SendAsync<T>(HttpMethod method, string path, HttpContent? body, JsonTypeInfo<T> type, CancellationToken ct)
    {
        using var answer = await SendAsync(method, path, body, ct);
        return await ReadAsync(answer, type, ct);
    }

    /// <summary>Sends a request whose answer says no more than that it was done.</summary>
    public async Task DoAsync(HttpMethod method, string path, HttpContent? body, CancellationToken ct) =>
        (await SendAsync(method, path, body, ct)).Dispose();

    /// <summary>An answer that goes on, as server-sent events.</summary>
    public async Task<EventReader> FollowAsync(string path, CancellationToken ct) =>
        new(await SendAsync(HttpMethod.Get, path, null, ct, HttpCompletionOption.ResponseHeadersRead));

    /// <summary>Opens a WebSocket.</summary>
    public async Task<WebSocket> OpenSocketAsync(string path, CancellationToken ct)
    {
        var address = new UriBuilder(new Uri(Http.BaseAddress!, path));
        address.Scheme = address.Scheme == "https" ? "wss" : "ws";
        var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        try
        {
            using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { SslOptions = _tls.Options });
            if (_settings.Token is { } token)
            {
                socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
            }

            await socket.ConnectAsync(address.Uri, invoker, ct);
            return socket;
        }
        catch (WebSocketException e)
        {
            var status = socket.HttpStatusCode;
            socket.Dispose();
            throw status == 0 ? Unreachable(e) : Failure(status, null, path);
        }
    }

    /// <summary>A part of an answer.</summary>
    public T Read<T>(JsonElement part, JsonTypeInfo<T> type)
    {
        try
        {
            return part.Deserialize(type) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw Unknown(e);
        }
    }

    public void Dispose() => _http?.Dispose();

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, HttpContent? body, CancellationToken ct, HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        HttpResponseMessage answer;
        try
        {
            answer = await Http.SendAsync(request, completion, ct);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e);
        }

        if (answer.IsSuccessStatusCode)
        {
            return answer;
        }

        using (answer)
        {
            throw Failure(answer.StatusCode, await ReadProblemAsync(answer, ct), path);
        }
    }

    private CliException Unreachable(Exception e) =>
        new(ExitCodes.NoHub, $"the hub {_settings.Hub} cannot be reached: {_tls.Refusal ?? (e.InnerException ?? e).Message}");

    private CliException Failure(HttpStatusCode status, ProblemAnswer? problem, string path) => status switch
    {
        HttpStatusCode.Unauthorized when _settings.Token is null => new CliException(
            ExitCodes.NoHub, $"there is no token for {_settings.Hub}: run dockmon login {_settings.Hub}, or set DOCKMON_TOKEN"),
        HttpStatusCode.Unauthorized => new CliException(ExitCodes.NoHub, $"the hub {_settings.Hub} does not accept the token: run dockmon login again"),
        HttpStatusCode.NotFound => new CliException(ExitCodes.NotFound, problem?.Detail ?? $"the hub has no {path}: it may be of an older version"),
        HttpStatusCode.Conflict when problem is null => new CliException(ExitCodes.Failed, "the host's agent is not connected"),
        _ => new CliException(ExitCodes.Failed, problem?.Detail ?? problem?.Title ?? $"the hub answered with status {(int)status}"),
    };

    private static async Task<ProblemAnswer?> ReadProblemAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        try
        {
            return await answer.Content.ReadFromJsonAsync(CliJson.Default.ProblemAnswer, ct);
        }
        catch (JsonException)
        {
            // A proxy in between, which answers with a page.
            return null;
        }
    }

    private async Task<T> ReadAsync<T>(HttpResponseMessage answer, JsonTypeInfo<T> type, CancellationToken ct)
    {
        try
        {
            return await answer.Content.ReadFromJsonAsync(type, ct) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw Unknown(e);
        }
    }

    private CliException Unknown(JsonException e) =>
        new(ExitCodes.Failed, $"the answer of {_settings.Hub} is not of a hub that this program knows: {e.Message}");
}
