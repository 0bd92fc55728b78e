using System.Text.Json.Serialization;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Agents;
using DockMon.Hub.Api;
using DockMon.Hub.Api.Contract;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Inventory;
using DockMon.Protocol;
using Microsoft.AspNetCore.Mvc;

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
[JsonSerializable(typeof(Guid?))]
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

    /// <summary>Header with the id of the operation that is to be begun: a request that is repeated, because its answer was lost, begins nothing.</summary>
    public const string Key = "Idempotency-Key";

    /// <summary>The answer to a request that is repeated; null for one that is new.</summary>
    /// <param name="hostId">The host.</param>
    /// <param name="subject">The container, or the stack, that the request is about.</param>
    /// <param name="key">The key that the request has.</param>
    /// <param name="store">The operations.</param>
    /// <param name="ct">Cancels it.</param>
    public static async Task<IResult?> BegunAsync(string hostId, string subject, Guid? key, OperationStore store, CancellationToken ct) =>
        key is { } id && await store.FindAsync(id.ToString(), ct) is { } begun ? Repeated(begun, hostId, subject) : null;

    /// <summary>
    /// Has an agent begin an operation, unless it was begun by an earlier request; one that it refuses has failed. Neither depends on whether who asked is
    /// still there: what is stored as running and was never asked for would seem to go on for hours.
    /// </summary>
    /// <param name="hostId">The host.</param>
    /// <param name="subject">The container, or the stack, that the request is about.</param>
    /// <param name="added">The operation.</param>
    /// <param name="updates">What it fails with.</param>
    /// <param name="ask">Asks the agent for it.</param>
    public static async Task<IResult> BeginAsync(string hostId, string subject, AddedOperation added, OperationUpdates updates, Func<Task> ask)
    {
        if (!added.IsNew)
        {
            return Repeated(added.Operation, hostId, subject);
        }

        try
        {
            await ask();
            return Accepted(added.Operation);
        }
        catch (AgentException e)
        {
            await updates.FailAsync(added.Operation, e, CancellationToken.None);
            return Relay.Problem(e);
        }
    }

    private static IResult Repeated(OperationAnswer begun, string hostId, string subject) => (begun.HostId, begun.Subject) == (hostId, subject)
        ? Accepted(begun)
        : Results.Problem($"{Key} {begun.Id} is that of another operation", statusCode: StatusCodes.Status409Conflict, type: ProblemTypes.Conflict);

    private static IResult Accepted(OperationAnswer operation) => Results.Accepted($"/api/operations/{operation.Id}", operation);

    private static async Task<IResult> UpdateAsync(
        string id,
        string cid,
        UpdateRequest? request,
        [FromHeader(Name = Key)] Guid? key,
        AgentCalls agents,
        ContainerStore containers,
        OperationStore store,
        OperationUpdates updates,
        CancellationToken ct)
    {
        if (await BegunAsync(id, cid, key, store, ct) is { } begun)
        {
            return begun;
        }

        var known = (await containers.OfHostAsync(id, ct, [cid])).GetValueOrDefault(cid);
        var image = request?.Image is { Length: > 0 } named ? named : known is { HasImageById: false } ? known.Image : null;
        if (string.IsNullOrEmpty(image))
        {
            return Results.Problem($"the hub knows no image of container {cid}: name one", statusCode: StatusCodes.Status400BadRequest);
        }

        if (await store.FindUpdateAsync(id, cid, orLost: false, ct) is { } running)
        {
            // The one of the same key, perhaps, which another request has begun just now.
            return await BegunAsync(id, cid, key, store, ct) ?? Results.Problem(
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
        var added = await store.AddAsync(id, OperationKinds.Update, cid, ct, name: known?.Name, image: image, id: key);
        return await BeginAsync(
            id,
            cid,
            added!,
            updates,
            () => agents.CommandAsync(id, CommandNames.UpdateContainer, payload, ProtocolJson.Default.UpdateContainerRequest, CancellationToken.None));
    }

    private static async Task<IResult> ListAsync(string? host, int? limit, OperationStore store, VisibleHosts visible, CancellationToken ct) =>
        TypedResults.Ok((IReadOnlyList<OperationAnswer>)await store.ListAsync(
            host is null ? visible.Only : visible.Sees(host) ? [host] : [], Math.Clamp(limit ?? 100, 1, MostListed), ct));

    private static async Task<IResult> FindAsync(string id, OperationStore store, VisibleHosts visible, CancellationToken ct) =>
        await store.FindAsync(id, ct) is { } operation && visible.Sees(operation.HostId)
            ? TypedResults.Ok(operation)
            : Results.Problem($"there is no operation {id}", statusCode: StatusCodes.Status404NotFound);
}
