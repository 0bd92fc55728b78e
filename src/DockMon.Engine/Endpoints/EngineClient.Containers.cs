using System.Text.Json;
using System.Text.Json.Nodes;

namespace DockMon.Engine;

public sealed partial class EngineClient
{
    private static readonly Version CreatePlatform = new(1, 41);

    /// <summary>
    /// What most callers need of the containers; <paramref name="all"/> includes those that do not run, <paramref name="label"/> is one they must have, such
    /// as "key=value".
    /// </summary>
    public async Task<IReadOnlyList<ContainerSummary>> ListContainersAsync(bool all, CancellationToken ct, string? label = null)
    {
        var filters = label is null ? "" : "&filters=" + Filters(new Dictionary<string, string[]> { ["label"] = [label] });
        var request = EngineRequest.Get($"/containers/json?all={Flag(all)}" + filters);
        var list = await CallAsync(request, EngineJson.Default.ListContainerSummary, JsonLimits.List, limit: null, ct).ConfigureAwait(false);
        return list.TrueForAll(container => !string.IsNullOrEmpty(container?.Id)) ? list : throw Unreadable(request, "a container has no id");
    }

    /// <summary>The containers as the engine writes them, for whoever passes them on; <paramref name="all"/> includes those that do not run.</summary>
    public async Task<IReadOnlyList<ContainerJson>> ListContainersJsonAsync(bool all, CancellationToken ct)
    {
        var request = EngineRequest.Get($"/containers/json?all={Flag(all)}");
        var list = await CallAsync(request, JsonLimits.List, limit: null, ct).ConfigureAwait(false);
        try
        {
            return ContainerJson.Split(list);
        }
        catch (JsonException e)
        {
            throw Unreadable(request, e.Message, e);
        }
    }

    /// <summary>All the engine knows about a container, byte for byte, for whoever passes it on. What is far too long in it is cut.</summary>
    public Task<byte[]> InspectContainerRawAsync(string id, CancellationToken ct) =>
        CallAsync(EngineRequest.Get(Container(id, "json")), JsonLimits.Document, limit: null, ct);

    /// <summary>All the engine knows about a container, whole: one that is too long is an error.</summary>
    public Task<JsonObject> InspectContainerJsonAsync(string id, CancellationToken ct, TimeSpan? limit = null) =>
        GetAsync(Container(id, "json"), EngineJson.Default.JsonObject, ct, limit, JsonLimits.Exact);

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
        return PostAsync(Container(id, "update"), body, ct);
    }

    /// <summary>Creates a container from the engine's own JSON and returns its id; <paramref name="platform"/> is such as "linux/arm64".</summary>
    public async Task<string> CreateContainerAsync(JsonObject body, string? name, CancellationToken ct, string? platform = null)
    {
        // An older engine would take no notice of it.
        if (!string.IsNullOrEmpty(platform) && await GetApiVersionAsync(ct).ConfigureAwait(false) is var version && version < CreatePlatform)
        {
            throw new EngineException($"the Docker engine takes no platform: that needs API {CreatePlatform}, and it speaks {version}");
        }

        IEnumerable<(string Name, string? Value)> query = [("name", name), ("platform", platform)];
        var given = string.Join(
            '&',
            query.Where(entry => !string.IsNullOrEmpty(entry.Value)).Select(entry => $"{entry.Name}={Uri.EscapeDataString(entry.Value!)}"));
        var path = "/containers/create" + (given.Length == 0 ? "" : "?" + given);
        var json = JsonSerializer.SerializeToUtf8Bytes(body, EngineJson.Default.JsonObject);
        return (await PostAsync(path, json, EngineJson.Default.IdBody, ct, WorkLimit).ConfigureAwait(false)).Id;
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

    private static string Container(string id, string verb) => $"/containers/{Escape(id)}/{verb}";

    private static string Escape(string id)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        if (id is "." or "..")
        {
            // A URL folds them away: the request would be another one.
            throw new EngineException($"\"{id}\" is no id or name");
        }

        return Uri.EscapeDataString(id);
    }

    private static char Flag(bool value) => value ? '1' : '0';
}
