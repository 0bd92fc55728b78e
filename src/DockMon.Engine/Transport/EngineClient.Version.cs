namespace DockMon.Engine;

public sealed partial class EngineClient
{
    private static readonly Version Newest = new(1, 47);

    private volatile Version? _apiVersion;

    /// <summary>The API version both sides know. It is asked for once, and again after the engine could not be reached.</summary>
    public async Task<Version> GetApiVersionAsync(CancellationToken ct)
    {
        if (_apiVersion is { } known)
        {
            return known;
        }

        var ping = EngineRequest.Get("/_ping");
        return _apiVersion = await LimitAsync(ping, DefaultLimit, token => NegotiateAsync(ping, token), ct).ConfigureAwait(false);
    }

    private async Task<Version> NegotiateAsync(EngineRequest ping, CancellationToken ct)
    {
        using var response = await SendOnceAsync(ping, null, ct).ConfigureAwait(false);
        var offered = response.Headers.TryGetValues("Api-Version", out var values) ? values.FirstOrDefault() : null;
        if (Version.TryParse(offered, out var daemon) && daemon <= Newest)
        {
            return daemon;
        }

        // No header, or a daemon that is newer than this code and may have dropped what this code speaks.
        var version = await GetUnversionedAsync("/version", EngineJson.Default.EngineVersion, ct).ConfigureAwait(false);
        if (daemon is null && !Version.TryParse(version.ApiVersion, out daemon))
        {
            throw new EngineException($"{Endpoint.Description} does not say which Docker API version it speaks; is it a Docker engine?");
        }

        return Version.TryParse(version.MinApiVersion, out var oldest) && oldest > Newest ? oldest
            : daemon < Newest ? daemon : Newest;
    }

    private async Task<T> GetUnversionedAsync<T>(
        string path, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, CancellationToken ct)
    {
        var request = EngineRequest.Get(path);
        using var response = await SendOnceAsync(request, null, ct).ConfigureAwait(false);
        return Succeeded(response)
            ? Parse(await ReadAsync(request, response, JsonLimits.Line, ct).ConfigureAwait(false), type, request)
            : throw await ReadErrorAsync(request, response, ct).ConfigureAwait(false);
    }
}
