using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using DockMon.Hub.Access;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Api.Contract;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Bus;
using DockMon.Hub.Inventory;
using DockMon.Protocol;

namespace DockMon.Hub.Api;

/// <summary>What the body of an action on a container may hold.</summary>
/// <param name="Timeout">Seconds that the container has to stop.</param>
/// <param name="Force">Whether a running container is removed.</param>
/// <param name="NewName">Its name from now on, when it is renamed.</param>
internal sealed record ContainerActionRequest(int? Timeout, bool? Force, string? NewName);

/// <summary>Endpoints of a host's containers.</summary>
internal static class ContainerApi
{
    private static readonly string[] Actions =
    [
        OperationActions.Start, OperationActions.Stop, OperationActions.Restart, OperationActions.Kill,
        OperationActions.Pause, OperationActions.Unpause, OperationActions.Rename, OperationActions.Remove,
    ];

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    public static void Map(WebApplication app)
    {
        var containers = app.MapGroup("/api/hosts/{id}/containers").AddEndpointFilter(HostApi.ExistsAsync).Allow(Role.Viewer);
        containers.MapGet("", ListAsync).WithSummary("All containers of the host; with cached=true as the hub knows them.");
        containers.MapGet("/{cid}", InspectAsync).WithSummary("Docker's inspect object.");
        containers.MapGet("/{cid}/status", GetStatusAsync).WithSummary("Docker's State.Status.");
        containers.MapGet("/{cid}/logs", GetLogsAsync).WithSummary("The last lines of the log.");
        foreach (var action in Actions)
        {
            containers.MapPost("/{cid}/" + action, async (string id, string cid, AgentRequests agents, HttpRequest request, CancellationToken ct) =>
            {
                var body = await ReadAsync(request, ct);
                return body is null
                    ? Results.Problem("the body must be a JSON object", statusCode: StatusCodes.Status400BadRequest)
                    : await OperateAsync(agents, id, action, cid, body, ct);
            })
                .Allow(CommandRoles.OfOperation(action))
                .WithMetadata(new DescribedBody(typeof(ContainerActionRequest)))
                .WithSummary($"Has the agent {action} the container. The body may hold timeout (s), force or new_name.");
        }
    }

    private static Task<IResult> InspectAsync(string id, string cid, AgentRequests agents, CancellationToken ct) =>
        OperateAsync(agents, id, OperationActions.Inspect, cid, [], ct);

    private static Task<IResult> GetStatusAsync(string id, string cid, AgentRequests agents, CancellationToken ct) =>
        OperateAsync(agents, id, OperationActions.GetStatus, cid, [], ct);

    private static Task<IResult> GetLogsAsync(string id, string cid, AgentRequests agents, int? tail, string? since, CancellationToken ct) =>
        OperateAsync(agents, id, OperationActions.GetLogs, cid, new JsonObject { ["tail"] = tail, ["since"] = since }, ct);

    /// <summary>The fields of a request body: none for an empty body, null for anything but a JSON object.</summary>
    private static async Task<JsonObject?> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        using var content = new MemoryStream();
        await request.Body.CopyToAsync(content, ct);
        if (!Utf8.IsValid(content.GetBuffer().AsSpan(0, (int)content.Length)))
        {
            return null; // The reader of JSON does not look into texts and names.
        }

        try
        {
            var fields = content.Length == 0 ? [] : JsonNode.Parse(content.ToArray(), documentOptions: Strict) as JsonObject;

            // An escaped unpaired surrogate is valid JSON, and fails only where the text is read.
            _ = fields?.ToJsonString();
            return fields;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    // The agent's answer is not stored: it may be older than an event that came before it. Only the lists that the hub makes by itself are.
    private static async Task<IResult> ListAsync(string id, AgentRequests agents, ContainerStore store, bool? cached, CancellationToken ct) =>
        cached == true ? new MaskedJson(DockerList.Write((await store.OfHostAsync(id, ct)).Values))
            : await Relay.CommandAsync(agents, id, CommandNames.ListContainers, default, Relay.DefaultLimit, ct);

    private static Task<IResult> OperateAsync(AgentRequests agents, string hostId, string action, string containerId, JsonObject fields, CancellationToken ct)
    {
        // Some agents do not tell small letters from capitals: neither of the two may be said otherwise.
        foreach (var (name, _) in fields.Where(field => field.Key.ToLowerInvariant() is "action" or "container_id").ToList())
        {
            fields.Remove(name);
        }

        fields["action"] = action;
        fields["container_id"] = containerId;
        var wait = fields["timeout"] is JsonValue value && value.TryGetValue<int>(out var seconds) ? Math.Clamp(seconds, 0, 3600) : 10;
        return Relay.OperationAsync(agents, hostId, JsonElement.Parse(fields.ToJsonString()), Relay.DefaultLimit + TimeSpan.FromSeconds(wait), ct);
    }
}
