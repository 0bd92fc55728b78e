using System.Globalization;
using System.Runtime.CompilerServices;

namespace DockMon.Engine;

public sealed partial class EngineClient
{
    private static readonly TimeSpan RemoveLimit = TimeSpan.FromMinutes(2);

    /// <summary>Docker's list of containers, as it is.</summary>
    public Task<byte[]> ListContainersRawAsync(bool all, CancellationToken ct) => GetRawAsync(all ? "/containers/json?all=1" : "/containers/json", ct);

    /// <summary>Docker's inspect object, as it is.</summary>
    public Task<byte[]> InspectContainerRawAsync(string id, CancellationToken ct) => GetRawAsync($"/containers/{Escape(id)}/json", ct);

    /// <summary>What this code reads of Docker's inspect object.</summary>
    public async Task<ContainerInspection> InspectContainerAsync(string id, CancellationToken ct) =>
        Deserialize(await InspectContainerRawAsync(id, ct).ConfigureAwait(false), EngineJson.Default.ContainerInspection);

    /// <summary>Creates a container.</summary>
    /// <param name="body">Docker's create body.</param>
    /// <param name="name">Its name; Docker chooses one when null.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>The id, 64 characters.</returns>
    public async Task<string> CreateContainerAsync(ReadOnlyMemory<byte> body, string? name, CancellationToken ct)
    {
        var path = name is null ? "/containers/create" : $"/containers/create?name={Escape(name)}";
        return Deserialize(await PostRawAsync(path, body, ct, RemoveLimit).ConfigureAwait(false), EngineJson.Default.CreatedObject).Id;
    }

    /// <summary>Starts a container; one that runs already is no error.</summary>
    public Task StartContainerAsync(string id, CancellationToken ct) => PostAsync($"/containers/{Escape(id)}/start", ct);

    /// <summary>Stops a container; one that is stopped already is no error.</summary>
    /// <param name="id">The container.</param>
    /// <param name="timeoutSeconds">How long it has before it is killed; the container's own setting when null.</param>
    /// <param name="ct">Gives up.</param>
    public Task StopContainerAsync(string id, int? timeoutSeconds, CancellationToken ct) =>
        PostAsync($"/containers/{Escape(id)}/stop{Seconds(timeoutSeconds)}", ct, StopLimit(timeoutSeconds));

    /// <summary>Restarts a container.</summary>
    /// <inheritdoc cref="StopContainerAsync"/>
    public Task RestartContainerAsync(string id, int? timeoutSeconds, CancellationToken ct) =>
        PostAsync($"/containers/{Escape(id)}/restart{Seconds(timeoutSeconds)}", ct, StopLimit(timeoutSeconds));

    /// <summary>Sends a signal; SIGKILL when null.</summary>
    public Task KillContainerAsync(string id, string? signal, CancellationToken ct) =>
        PostAsync($"/containers/{Escape(id)}/kill{(signal is null ? "" : "?signal=" + Escape(signal))}", ct);

    /// <summary>Renames a container.</summary>
    public Task RenameContainerAsync(string id, string newName, CancellationToken ct) => PostAsync($"/containers/{Escape(id)}/rename?name={Escape(newName)}", ct);

    /// <summary>Pauses a container.</summary>
    public Task PauseContainerAsync(string id, CancellationToken ct) => PostAsync($"/containers/{Escape(id)}/pause", ct);

    /// <summary>Continues a paused container.</summary>
    public Task UnpauseContainerAsync(string id, CancellationToken ct) => PostAsync($"/containers/{Escape(id)}/unpause", ct);

    /// <summary>Removes a container.</summary>
    /// <param name="id">The container.</param>
    /// <param name="force">Whether a running one is killed first.</param>
    /// <param name="volumes">Whether its anonymous volumes go with it.</param>
    /// <param name="ct">Gives up.</param>
    public Task RemoveContainerAsync(string id, bool force, bool volumes, CancellationToken ct) =>
        DeleteAsync($"/containers/{Escape(id)}?force={(force ? 1 : 0)}&v={(volumes ? 1 : 0)}", ct, RemoveLimit);

    /// <summary>A container's log, both streams in the order Docker gives them.</summary>
    /// <exception cref="EngineException">The stream was cut short, or is not what the engine says it is.</exception>
    public async IAsyncEnumerable<LogChunk> ReadLogsAsync(string id, LogOptions options, [EnumeratorCancellation] CancellationToken ct)
    {
        var path = string.Create(CultureInfo.InvariantCulture,
            $"/containers/{Escape(id)}/logs?stdout=1&stderr=1&timestamps={(options.Timestamps ? 1 : 0)}&follow={(options.Follow ? 1 : 0)}&tail={options.Tail?.ToString(CultureInfo.InvariantCulture) ?? "all"}");
        if (options.Since is not null)
        {
            path += "&since=" + Uri.EscapeDataString(options.Since);
        }

        // Since API 1.42 the content type tells a terminal's raw output from multiplexed streams; before, only the container knows.
        var opened = await OpenStreamAsync(HttpMethod.Get, path, default, registryAuth: null, ct).ConfigureAwait(false);
        await using (opened.ConfigureAwait(false))
        {
            var raw = opened.Response.Content.Headers.ContentType?.MediaType switch
            {
                "application/vnd.docker.multiplexed-stream" => false,
                "application/vnd.docker.raw-stream" when await SaysRawAsync(ct).ConfigureAwait(false) => true,
                _ => (await InspectContainerAsync(id, ct).ConfigureAwait(false)).Config.Tty,
            };
            await foreach (var chunk in LogReader.ReadAsync(opened.Stream, raw, ct).ConfigureAwait(false))
            {
                yield return chunk;
            }
        }
    }

    /// <summary>A sample about every second, until the container ends.</summary>
    public async IAsyncEnumerable<EngineStats> WatchStatsAsync(string id, [EnumeratorCancellation] CancellationToken ct)
    {
        var opened = await OpenStreamAsync(HttpMethod.Get, $"/containers/{Escape(id)}/stats?stream=1", default, registryAuth: null, ct).ConfigureAwait(false);
        await using (opened.ConfigureAwait(false))
        {
            await foreach (var document in JsonDocuments.ReadAsync(opened.Stream, ct).ConfigureAwait(false))
            {
                yield return Deserialize(document.Span, EngineJson.Default.EngineStats);
            }
        }
    }

    /// <summary>One sample, at once where the engine can (API 1.41), without a previous one to compare with.</summary>
    public async Task<EngineStats> GetStatsAsync(string id, CancellationToken ct)
    {
        var oneShot = await GetApiVersionAsync(ct).ConfigureAwait(false) >= new Version(1, 41) ? "&one-shot=1" : "";
        return Deserialize(await GetRawAsync($"/containers/{Escape(id)}/stats?stream=0{oneShot}", ct).ConfigureAwait(false), EngineJson.Default.EngineStats);
    }

    private static string Seconds(int? timeout) => timeout is { } seconds ? string.Create(CultureInfo.InvariantCulture, $"?t={seconds}") : "";

    private static TimeSpan StopLimit(int? timeout) => DefaultLimit + TimeSpan.FromSeconds(timeout ?? 10);

    private async Task<bool> SaysRawAsync(CancellationToken ct) => await GetApiVersionAsync(ct).ConfigureAwait(false) >= new Version(1, 42);

    private Task<byte[]> PostAsync(string path, CancellationToken ct, TimeSpan? limit = null) => PostRawAsync(path, default, ct, limit);
}
