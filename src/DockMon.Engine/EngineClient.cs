using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace DockMon.Engine;

/// <summary>
/// A client of the Docker Engine API. It speaks the newest version that both sides know, gives every request but streams a time limit,
/// and puts Docker's own words into its exceptions. Thread-safe.
/// </summary>
public sealed partial class EngineClient : IDisposable
{
    /// <summary>Oldest API version this code speaks.</summary>
    public static readonly Version OldestApi = new(1, 24);

    /// <summary>Newest API version this code knows.</summary>
    public static readonly Version NewestApi = new(1, 47);

    /// <summary>Time limit of a request that names no other.</summary>
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(60);

    private readonly EngineTransport _transport;
    private readonly HttpClient _http;
    private readonly TimeProvider _time;
    private volatile Version? _version;

    /// <summary>A client of one engine. Nothing is sent before the first request.</summary>
    public EngineClient(EngineEndpoint endpoint, TimeProvider time)
    {
        _transport = new EngineTransport(endpoint);
        _time = time;
        _http = new HttpClient(_transport.CreateHandler(), disposeHandler: true)
        {
            BaseAddress = new Uri("http://docker/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>The API version spoken with this engine, asked for once and again after a lost connection: the daemon may be another one then.</summary>
    public async Task<Version> GetApiVersionAsync(CancellationToken ct)
    {
        if (_version is { } known)
        {
            return known;
        }

        using var response = await SendUnversionedAsync(HttpMethod.Get, "/_ping", ct).ConfigureAwait(false);
        var newest = response.Headers.TryGetValues("Api-Version", out var values) && Version.TryParse(values.First(), out var header) ? header : null;
        Version? oldest = null;
        if (newest is null || newest > NewestApi)
        {
            using var version = await SendUnversionedAsync(HttpMethod.Get, "/version", ct).ConfigureAwait(false);
            var body = await version.Content.ReadAsByteArrayAsync(ct).ConfigureAwait(false);
            var answer = Deserialize(body, EngineJson.Default.EngineVersion);
            newest ??= Version.TryParse(answer.ApiVersion, out var reported) ? reported : OldestApi;
            oldest = Version.TryParse(answer.MinAPIVersion, out var minimum) ? minimum : null;
        }

        return _version = ChooseVersion(newest, oldest);
    }

    /// <summary>The version to speak with a daemon that knows the given ones.</summary>
    /// <param name="newest">The daemon's newest.</param>
    /// <param name="oldest">The daemon's oldest, if it says.</param>
    public static Version ChooseVersion(Version newest, Version? oldest) =>
        newest <= NewestApi ? newest : oldest is not null && oldest > NewestApi ? oldest : NewestApi;

    /// <summary>Closes all connections.</summary>
    public void Dispose() => _http.Dispose();

    /// <summary>A GET whose answer is wanted as it is.</summary>
    /// <param name="path">The path without its version, such as <c>/containers/json?all=1</c>.</param>
    /// <param name="ct">Gives up.</param>
    /// <param name="limit">Time limit; <see cref="DefaultLimit"/> when null.</param>
    public Task<byte[]> GetRawAsync(string path, CancellationToken ct, TimeSpan? limit = null) =>
        CallAsync(HttpMethod.Get, path, default, limit, registryAuth: null, ct);

    /// <summary>A POST with a JSON body, or none when it is empty.</summary>
    public Task<byte[]> PostRawAsync(string path, ReadOnlyMemory<byte> jsonBody, CancellationToken ct, TimeSpan? limit = null, string? registryAuth = null) =>
        CallAsync(HttpMethod.Post, path, jsonBody, limit, registryAuth, ct);

    /// <summary>A DELETE.</summary>
    public Task DeleteAsync(string path, CancellationToken ct, TimeSpan? limit = null) =>
        CallAsync(HttpMethod.Delete, path, default, limit, registryAuth: null, ct);

    internal static T Deserialize<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new EngineException("the Docker engine answered with null");
        }
        catch (JsonException e)
        {
            throw new EngineException($"the Docker engine's answer cannot be read: {e.Message}", null, e);
        }
    }

    private static string Escape(string id)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        return Uri.EscapeDataString(id);
    }

    private async Task<byte[]> CallAsync(HttpMethod method, string path, ReadOnlyMemory<byte> body, TimeSpan? limit, string? registryAuth, CancellationToken ct)
    {
        var time = limit ?? DefaultLimit;
        using var timer = new CancellationTokenSource(time, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(ct, timer.Token);
        try
        {
            using var response = await OpenAsync(method, path, body, registryAuth, both.Token).ConfigureAwait(false);
            return await response.Content.ReadAsByteArrayAsync(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            throw new EngineTimeoutException($"the Docker engine did not answer within {time.TotalSeconds:0} s ({method} {path.Split('?')[0]})");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Lost(e);
        }
    }

    /// <summary>Sends a request and returns its answer once the headers are there; a status that is no success is an exception.</summary>
    private async Task<HttpResponseMessage> OpenAsync(HttpMethod method, string path, ReadOnlyMemory<byte> body, string? registryAuth, CancellationToken ct)
    {
        var version = await GetApiVersionAsync(ct).ConfigureAwait(false);
        using var request = new HttpRequestMessage(method, $"/v{version}{path}");
        if (!body.IsEmpty)
        {
            request.Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        }

        if (registryAuth is not null)
        {
            request.Headers.Add("X-Registry-Auth", registryAuth);
        }

        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            throw Lost(e);
        }

        // 304: the container was in that state already, which is what was asked for. 101: the connection is a stream from here on.
        if (response.IsSuccessStatusCode || response.StatusCode is HttpStatusCode.NotModified or HttpStatusCode.SwitchingProtocols)
        {
            return response;
        }

        using (response)
        {
            throw await FailureAsync(response, ct).ConfigureAwait(false);
        }
    }

    /// <summary>A stream of bytes that lasts as long as it is read.</summary>
    private async Task<EngineResponseStream> OpenStreamAsync(HttpMethod method, string path, ReadOnlyMemory<byte> body, string? registryAuth, CancellationToken ct)
    {
        var response = await OpenAsync(method, path, body, registryAuth, ct).ConfigureAwait(false);
        return new EngineResponseStream(response, await response.Content.ReadAsStreamAsync(ct).ConfigureAwait(false));
    }

    private async Task<HttpResponseMessage> SendUnversionedAsync(HttpMethod method, string path, CancellationToken ct)
    {
        using var timer = new CancellationTokenSource(DefaultLimit, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(ct, timer.Token);
        using var request = new HttpRequestMessage(method, path);
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            throw new EngineTimeoutException($"the Docker engine did not answer within {DefaultLimit.TotalSeconds:0} s (GET {path})");
        }
        catch (HttpRequestException e)
        {
            throw Lost(e);
        }
    }

    private EngineUnavailableException Lost(Exception e)
    {
        _version = null;
        return _transport.Explain(e);
    }

    private static async Task<EngineException> FailureAsync(HttpResponseMessage response, CancellationToken ct)
    {
        var body = await response.Content.ReadAsByteArrayAsync(ct).ConfigureAwait(false);
        string? message = null;
        try
        {
            message = JsonSerializer.Deserialize(body, EngineJson.Default.EngineError)?.Message;
        }
        catch (JsonException)
        {
            message = Encoding.UTF8.GetString(body).Split('\n', 2)[0].Trim(); // A proxy's or an old daemon's plain text.
        }

        return new EngineException(string.IsNullOrEmpty(message) ? $"the Docker engine answered {(int)response.StatusCode} {response.ReasonPhrase}" : message, response.StatusCode);
    }
}

/// <summary>A response that is read as a stream, and the stream.</summary>
internal sealed record EngineResponseStream(HttpResponseMessage Response, Stream Stream) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync().ConfigureAwait(false);
        Response.Dispose();
    }
}
