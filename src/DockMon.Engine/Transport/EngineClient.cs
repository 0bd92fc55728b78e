using System.Buffers;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace DockMon.Engine;

/// <summary>A client of the Docker Engine API. It may be used from many threads at once.</summary>
public sealed partial class EngineClient : IDisposable
{
    private static readonly JsonLimits ErrorLimits = new(Text: 16 * 1024, 64 * 1024);
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RemoveLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan PruneLimit = TimeSpan.FromMinutes(10);

    /// <summary>
    /// What may copy an image's directories into a new volume (with Docker a creation, with Podman a start) has this long. It is a limit for an engine
    /// that hangs, not for one that works: the engine goes on with what its client gave up.
    /// </summary>
    public static TimeSpan WorkLimit { get; } = TimeSpan.FromMinutes(10);

    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _http;

    /// <summary>Creates a client. Nothing is sent before the first call.</summary>
    public EngineClient(EngineEndpoint endpoint, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentNullException.ThrowIfNull(time);
        Endpoint = endpoint;
        _time = time;
        _http = EngineConnector.Create(endpoint);
    }

    /// <summary>Where the engine is.</summary>
    public EngineEndpoint Endpoint { get; }

    /// <summary>Is told of every answer and event that was too large or could not be read, and returns at once.</summary>
    public Action<EngineExcess>? Exceeded { get; set; }

    /// <summary>Closes every connection.</summary>
    public void Dispose() => _http.Dispose();

    /// <summary>GET of a path such as <c>/containers/json?all=1</c>; the API version is put in front of it with every request.</summary>
    private Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken ct, TimeSpan? limit = null, JsonLimits? limits = null) =>
        CallAsync(EngineRequest.Get(path), type, limits, limit, ct);

    private Task<TAnswer> PostAsync<TAnswer>(
        string path, ReadOnlyMemory<byte> body, JsonTypeInfo<TAnswer> type, CancellationToken ct, TimeSpan? limit = null) =>
        CallAsync(EngineRequest.Post(path, body), type, limits: null, limit, ct);

    private Task<byte[]> PostAsync(string path, ReadOnlyMemory<byte> body, CancellationToken ct, TimeSpan? limit = null) =>
        CallAsync(EngineRequest.Post(path, body), JsonLimits.Document, limit, ct);

    private Task<byte[]> PostAsync(string path, CancellationToken ct, TimeSpan? limit = null) => PostAsync(path, default, ct, limit);

    private Task<byte[]> DeleteAsync(string path, CancellationToken ct, TimeSpan? limit = null) =>
        CallAsync(new EngineRequest(HttpMethod.Delete, path), JsonLimits.Document, limit, ct);

    private async Task<T> CallAsync<T>(EngineRequest request, JsonTypeInfo<T> type, JsonLimits? limits, TimeSpan? limit, CancellationToken ct)
    {
        var json = await CallAsync(request, limits ?? JsonLimits.Document, limit, ct).ConfigureAwait(false);
        return Parse(json, type, request);
    }

    internal static T Parse<T>(byte[] json, JsonTypeInfo<T> type, EngineRequest request)
    {
        try
        {
            var answer = JsonSerializer.Deserialize(json, type)
                ?? throw new EngineException($"the Docker engine answered {request.Name} with nothing", HttpStatusCode.OK);
            if (answer is JsonObject document)
            {
                JsonWhole.Ensure(document);
            }

            return answer;
        }
        catch (JsonException e)
        {
            throw Unreadable(request, e.Message, e);
        }
    }

    private static EngineException Unreadable(EngineRequest request, string reason, Exception? inner = null) =>
        new($"the Docker engine's answer to {request.Name} cannot be read: {reason}", HttpStatusCode.OK, inner);

    private Task<byte[]> CallAsync(EngineRequest request, JsonLimits limits, TimeSpan? limit, CancellationToken ct) =>
        LimitAsync(request, limit ?? DefaultLimit, async token =>
        {
            using var response = await SendAsync(request, token).ConfigureAwait(false);
            return await ReadAsync(request, response, limits, token).ConfigureAwait(false);
        }, ct);

    /// <summary>The answer's headers within the limit; how long the body may take is the caller's business.</summary>
    private Task<HttpResponseMessage> OpenAsync(EngineRequest request, CancellationToken ct) =>
        LimitAsync(request, DefaultLimit, token => SendAsync(request, token), ct);

    private async Task<T> LimitAsync<T>(EngineRequest request, TimeSpan limit, Func<CancellationToken, Task<T>> work, CancellationToken ct)
    {
        using var timer = new CancellationTokenSource(limit, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(ct, timer.Token);
        try
        {
            return await work(linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (timer.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            throw new EngineTimeoutException($"timeout: the Docker engine did not answer within {limit.TotalSeconds:0} s ({request.Name})", e);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(EngineRequest request, CancellationToken ct)
    {
        for (var again = false; ; again = true)
        {
            var version = await GetApiVersionAsync(ct).ConfigureAwait(false);
            var response = await SendOnceAsync(request, version, ct).ConfigureAwait(false);
            if (Succeeded(response))
            {
                return response;
            }

            var error = await ReadErrorAsync(request, response, ct).ConfigureAwait(false);
            if (again || !error.IsVersionRefused)
            {
                throw error;
            }

            // The daemon was replaced between two calls and no connection failed that would have told.
            _apiVersion = null;
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(EngineRequest request, Version? version, CancellationToken ct)
    {
        using var message = request.ToMessage(Endpoint, version);
        try
        {
            return await _http.SendAsync(message, ct).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            _apiVersion = null;
            throw e.HttpRequestError is HttpRequestError.ResponseEnded or HttpRequestError.InvalidResponse
                ? EngineConnector.Lost(Endpoint, e)
                : EngineConnector.Unavailable(Endpoint, e);
        }
    }

    // 304: a container that was to be started runs already, or one that was to be stopped does not.
    private static bool Succeeded(HttpResponseMessage response) =>
        response.IsSuccessStatusCode
        || response.StatusCode is HttpStatusCode.NotModified or HttpStatusCode.SwitchingProtocols;

    private async Task<EngineException> ReadErrorAsync(EngineRequest request, HttpResponseMessage response, CancellationToken ct)
    {
        using (response)
        {
            var body = await ReadAsync(request, response, ErrorLimits, ct).ConfigureAwait(false);
            return new EngineException(ErrorText.From(body, response), response.StatusCode);
        }
    }

    /// <summary>Reads an answer to its end, and keeps of it what is within the limits.</summary>
    private async Task<byte[]> ReadAsync(EngineRequest request, HttpResponseMessage response, JsonLimits limits, CancellationToken ct)
    {
        using var document = new JsonTrimmer(limits);
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(ct).ConfigureAwait(false);
            while (await stream.ReadAsync(buffer, ct).ConfigureAwait(false) is var count and > 0)
            {
                document.FeedAll(buffer.AsSpan(0, count));
                if (limits.IsExact && document.Cuts > 0)
                {
                    throw new EngineException($"the Docker engine's answer to {request.Name} is longer than {limits.Depths[0]} bytes", response.StatusCode);
                }
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw EngineConnector.Lost(Endpoint, e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (document.Cuts > 0)
        {
            Exceeded?.Invoke(new EngineExcess(request.Name, document.Length, "what was too long in it was cut"));
        }

        return document.Copied.ToArray();
    }
}
