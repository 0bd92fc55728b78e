using System.Text.Json.Serialization;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Agents;
using DockMon.Hub.Api;
using DockMon.Hub.Api.Contract;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Inventory;
using DockMon.Protocol;

namespace DockMon.Hub.Operations;

/// <summary>An update of a container.</summary>
/// <param name="Image">The image to run from now on; the one it has when left out.</param>
/// <param name="StopTimeout">Seconds that the old container has to stop.</param>
/// <param name="HealthTimeout">Seconds that the new container has to become healthy.</param>
/// <param name="RegistryAuth">Credentials for the pull.</param>
internal sealed record UpdateRequest(string? Image, int? StopTimeout, int? HealthTimeout, RegistryAuth? RegistryAuth);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OperationAnswer))]
[JsonSerializable(typeof(IReadOnlyList<OperationAnswer>))]
[JsonSerializable(typeof(IReadOnlyList<OperationStep>))]
[JsonSerializable(typeof(UpdateRequest))]
[JsonSerializable(typeof(StackRequest))]
[JsonSerializable(typeof(StackContent))]
[JsonSerializable(typeof(StackFiles))]
[JsonSerializable(typeof(StackAnswer))]
[JsonSerializable(typeof(IReadOnlyList<StackSummary>))]
internal sealed partial class OperationJson : JsonSerializerContext;

/// <summary>Endpoints of operations, and of updates, which are one kind of them.</summary>
internal static class OperationApi
{
    private const int MostListed = 1000;

    public static void Map(WebApplication app)
    {
        app.MapGroup("/api/hosts/{id}/containers").AddEndpointFilter(HostApi.ExistsAsync)
            .MapPost("/{cid}/update", UpdateAsync)
            .Allow(CommandRoles.OfCommand(CommandNames.UpdateContainer))
            .Produces<OperationAnswer>(StatusCodes.Status202Accepted)
            .WithSummary("Begins to update a container. The event operation_changed and getOperation tell how it goes.");
        app.MapGet("/api/operations", ListAsync)
            .Allow(Role.Viewer)
            .Produces<IReadOnlyList<OperationAnswer>>()
            .WithSummary("The newest operations of all hosts or of one.");
        app.MapGet("/api/operations/{id}", FindAsync).Allow(Role.Viewer).Produces<OperationAnswer>().WithSummary("One operation.");
    }

    /// <summary>Has an agent begin an operation; one that it refuses has failed.</summary>
    public static async Task<IResult> BeginAsync(OperationAnswer operation, OperationUpdates updates, Func<Task> ask, CancellationToken ct)
    {
        try
        {
            await ask();
            return Results.Accepted($"/api/operations/{operation.Id}", operation);
        }
        catch (AgentException e)
        {
            await updates.FailAsync(operation, e, ct);
            return Relay.Problem(e);
        }
    }

    private static async Task<IResult> UpdateAsync(
        string id,
        string cid,
        UpdateRequest? request,
        AgentCalls agents,
        ContainerStore containers,
        OperationStore store,
        OperationUpdates updates,
        CancellationToken ct)
    {
        var known = (await containers.OfHostAsync(id, ct, [cid])).GetValueOrDefault(cid);
        var image = request?.Image is { Length: > 0 } named ? named : known is { HasImageById: false } ? known.Image : null;
        if (string.IsNullOrEmpty(image))
        {
            return Results.Problem($"the hub knows no image of container {cid}: name one", statusCode: StatusCodes.Status400BadRequest);
        }

        if (await store.FindUpdateAsync(id, cid, orLost: false, ct) is { } running)
        {
            return Results.Problem(
                $"container {cid} is being updated: operation {running.Id}", statusCode: StatusCodes.Status409Conflict, type: ProblemTypes.AlreadyRunning);
        }

        var payload = new UpdateContainerRequest
        {
            ContainerId = cid,
            NewImage = image,
            StopTimeout = request?.StopTimeout,
            HealthTimeout = request?.HealthTimeout,
            RegistryAuth = request?.RegistryAuth,
        };
        var operation = await store.AddAsync(id, OperationKinds.Update, cid, ct, name: known?.Name, image: image);
        return await BeginAsync(
            operation,
            updates,
            () => agents.CommandAsync(id, CommandNames.UpdateContainer, payload, ProtocolJson.Default.UpdateContainerRequest, ct),
            ct);
    }

    private static async Task<IResult> ListAsync(string? host, int? limit, OperationStore store, VisibleHosts visible, CancellationToken ct) =>
        TypedResults.Ok((IReadOnlyList<OperationAnswer>)await store.ListAsync(
            host is null ? visible.Only : visible.Sees(host) ? [host] : [], Math.Clamp(limit ?? 100, 1, MostListed), ct));

    private static async Task<IResult> FindAsync(string id, OperationStore store, VisibleHosts visible, CancellationToken ct) =>
        await store.FindAsync(id, ct) is { } operation && visible.Sees(operation.HostId)
            ? TypedResults.Ok(operation)
            : Results.Problem($"there is no operation {id}", statusCode: StatusCodes.Status404NotFound);
}
