using System.Text.Json;

namespace DockMon.Engine;

public sealed partial class EngineClient
{
    private static readonly Version CreatePlatform = new(1, 41);

    /// <summary>The list of containers as the engine writes it; <paramref name="all"/> includes those that do not run.</summary>
    public Task<byte[]> ListContainersRawAsync(bool all, CancellationToken ct) => GetRawAsync($"/containers/json?all={Flag(all)}", JsonLimits.List, ct);

    /// <summary>What most callers need of that list; <paramref name="label"/> is one the containers must have, such as "key=value".</summary>
    public async Task<IReadOnlyList<ContainerSummary>> ListContainersAsync(bool all, CancellationToken ct, string? label = null)
    {
        const string Request = "GET /containers/json";
        var path = $"/containers/json?all={Flag(all)}" + (label is null ? "" : "&filters=" + Filters(new Dictionary<string, string[]> { ["label"] = [label] }));
        var list = Parse(await GetRawAsync(path, JsonLimits.List, ct).ConfigureAwait(false), EngineJson.Default.ListContainerSummary, Request);
        return list.TrueForAll(container => !string.IsNullOrEmpty(container?.Id)) ? list
            : throw new EngineException($"the Docker engine's answer to {Request} cannot be read: a container has no id");
    }

    /// <summary>
    /// All the engine knows about a container, as it writes it; <paramref name="mayCut"/>: for somebody who looks at it, and who has more from an answer in
    /// which something far too long was cut than from an error.
    /// </summary>
    public Task<byte[]> InspectContainerRawAsync(string id, CancellationToken ct, TimeSpan? limit = null, bool mayCut = false) =>
        GetRawAsync(Container(id, "json"), mayCut ? JsonLimits.Document : JsonLimits.Exact, ct, limit);

    /// <summary>What most callers need of a container.</summary>
    public Task<ContainerInspection> InspectContainerAsync(string id, CancellationToken ct, TimeSpan? limit = null) =>
        GetAsync(Container(id, "json"), EngineJson.Default.ContainerInspection, ct, limit);

    /// <summary>Starts a container; one that runs already is no error.</summary>
    public Task StartContainerAsync(string id, CancellationToken ct) => PostAsync(Container(id, "start"), ct, WorkLimit);

    /// <summary>Stops a container; one that does not run is no error. Without a timeout the container's own counts; below 0 waits for ever.</summary>
    public Task StopContainerAsync(string id, int? timeoutSeconds, CancellationToken ct) =>
        EndAsync(id, "stop", timeoutSeconds, RemoveLimit, ct);

    /// <summary>Stops a container, if it runs, and starts it.</summary>
    public Task RestartContainerAsync(string id, int? timeoutSeconds, CancellationToken ct) =>
        EndAsync(id, "restart", timeoutSeconds, WorkLimit, ct);

    /// <summary>Sends a signal, SIGKILL when none is named.</summary>
    public Task KillContainerAsync(string id, string? signal, CancellationToken ct) =>
        PostAsync(Container(id, "kill") + (string.IsNullOrEmpty(signal) ? "" : $"?signal={Uri.EscapeDataString(signal)}"), ct);

    /// <summary>Gives a container another name.</summary>
    public Task RenameContainerAsync(string id, string newName, CancellationToken ct)
    {
        ArgumentException.ThrowIfNullOrEmpty(newName);
        return PostAsync($"{Container(id, "rename")}?name={Uri.EscapeDataString(newName)}", ct);
    }

    /// <summary>Removes a container; <paramref name="force"/> kills it first, <paramref name="volumes"/> removes its anonymous volumes too.</summary>
    public Task RemoveContainerAsync(string id, bool force, bool volumes, CancellationToken ct) =>
        DeleteAsync($"/containers/{Escape(id)}?force={Flag(force)}&v={Flag(volumes)}", ct, RemoveLimit);

    /// <summary>Freezes a container's processes.</summary>
    public Task PauseContainerAsync(string id, CancellationToken ct) => PostAsync(Container(id, "pause"), ct);

    /// <summary>Lets a paused container go on.</summary>
    public Task UnpauseContainerAsync(string id, CancellationToken ct) => PostAsync(Container(id, "unpause"), ct);

    /// <summary>Changes when a container is started again.</summary>
    public Task SetRestartPolicyAsync(string id, ContainerRestartPolicy policy, CancellationToken ct)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new RestartPolicyBody { RestartPolicy = policy }, EngineJson.Default.RestartPolicyBody);
        return PostRawAsync(Container(id, "update"), body, ct);
    }

    /// <summary>Creates a container from the engine's own JSON and returns its id; <paramref name="platform"/> is such as "linux/arm64".</summary>
    public async Task<string> CreateContainerAsync(ReadOnlyMemory<byte> body, string? name, CancellationToken ct, string? platform = null)
    {
        // An older engine would take no notice of it.
        if (!string.IsNullOrEmpty(platform) && await GetApiVersionAsync(ct).ConfigureAwait(false) is var version && version < CreatePlatform)
        {
            throw new EngineException($"the Docker engine takes no platform: that needs API {CreatePlatform}, and it speaks {version}");
        }

        IEnumerable<(string Name, string? Value)> query = [("name", name), ("platform", platform)];
        var given = string.Join('&', query.Where(entry => !string.IsNullOrEmpty(entry.Value)).Select(entry => $"{entry.Name}={Uri.EscapeDataString(entry.Value!)}"));
        var answer = await PostRawAsync("/containers/create" + (given.Length == 0 ? "" : "?" + given), body, ct, WorkLimit).ConfigureAwait(false);
        return Parse(answer, EngineJson.Default.IdBody, "POST /containers/create").Id;
    }

    /// <summary>A file or folder of a container, running or not, as a tar archive.</summary>
    public async Task<Stream> GetArchiveAsync(string id, string path, CancellationToken ct)
    {
        var response = await OpenAsync(EngineRequest.Get($"{Container(id, "archive")}?path={Uri.EscapeDataString(path)}"), ct).ConfigureAwait(false);
        return await response.Content.ReadAsStreamAsync(ct).ConfigureAwait(false);
    }

    // The slack is what the engine may take beside the time that the container has.
    private async Task EndAsync(string id, string verb, int? timeoutSeconds, TimeSpan slack, CancellationToken ct)
    {
        var path = Container(id, verb) + (timeoutSeconds is null ? "" : $"?t={timeoutSeconds}");

        // Without a timeout the engine waits as long as the container's own setting says, and the limit here must be longer.
        var patience = timeoutSeconds
            ?? (await InspectContainerAsync(id, ct).ConfigureAwait(false)).Config.StopTimeout ?? 10;
        var limit = patience < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(patience) + slack;
        await PostAsync(path, ct, limit).ConfigureAwait(false);
    }

    private Task<byte[]> PostAsync(string path, CancellationToken ct, TimeSpan? limit = null) => PostRawAsync(path, default, ct, limit);

    private static string Container(string id, string verb) => $"/containers/{Escape(id)}/{verb}";

    private static string Escape(string id)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        if (id is "." or "..")
        {
            // A URL folds them away: the request would be another one.
            throw new ArgumentException($"\"{id}\" is no id", nameof(id));
        }

        return Uri.EscapeDataString(id);
    }

    private static char Flag(bool value) => value ? '1' : '0';
}
