using System.Collections.Concurrent;
using System.Text.Json.Serialization;
using DockMon.Hub.Access.Audit;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Agents;
using DockMon.Hub.Api.Contract;
using DockMon.Protocol;

namespace DockMon.Hub.Api;

/// <summary>A container of a host.</summary>
internal sealed record ContainerKey(string? HostId, string? Id);

/// <summary>An action on several containers.</summary>
/// <param name="Action"><c>start</c>, <c>stop</c>, <c>restart</c>, <c>kill</c>, <c>pause</c>, <c>unpause</c> or <c>remove</c>.</param>
/// <param name="Containers">The containers.</param>
/// <param name="Timeout">Seconds that a container has to stop.</param>
/// <param name="Force">Whether running containers are removed.</param>
internal sealed record BulkRequest(string? Action, IReadOnlyList<ContainerKey>? Containers, int? Timeout, bool? Force);

/// <summary>What an action on several containers did to one of them.</summary>
/// <param name="HostId">The host.</param>
/// <param name="Id">The container.</param>
/// <param name="Success">Whether it was done.</param>
/// <param name="Error">Why it was not; for people.</param>
/// <param name="Type">Why it was not; the type of the problem.</param>
internal sealed record BulkResult(string HostId, string Id, bool Success, string? Error, string? Type);

/// <summary>What an action on several containers did, in their order.</summary>
internal sealed record BulkAnswer(IReadOnlyList<BulkResult> Results);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BulkRequest))]
[JsonSerializable(typeof(BulkAnswer))]
internal sealed partial class BulkJson : JsonSerializerContext;

/// <summary>The endpoint of actions on several containers of any hosts.</summary>
internal static class BulkApi
{
    /// <summary>Maximum number of containers of a request.</summary>
    public const int MostContainers = 1000;

    /// <summary>Maximum number of requests to an agent at the same time.</summary>
    public const int WidthOfHost = 4;

    private static readonly string[] Actions =
    [
        OperationActions.Start, OperationActions.Stop, OperationActions.Restart, OperationActions.Kill, OperationActions.Pause, OperationActions.Unpause,
        OperationActions.Remove,
    ];

    public static void Map(WebApplication app) =>
        app.MapPost("/api/containers/actions", ActAsync)
            .Allow(Role.Operator)
            .WithMetadata(new AuditedByFilter())
            .Produces<BulkAnswer>()
            .WithSummary("Does the same to several containers, and says of each how it went.");

    private static async Task<IResult> ActAsync(
        HttpContext context, BulkRequest request, AgentCalls agents, RequestAudit audit, VisibleHosts visible, CancellationToken ct)
    {
        if (!Actions.Contains(request.Action))
        {
            return Results.Problem("action must be one of " + string.Join(", ", Actions), statusCode: StatusCodes.Status400BadRequest);
        }

        if (request.Containers is not { Count: > 0 and <= MostContainers } containers
            || containers.Any(one => one is not { HostId.Length: > 0, Id.Length: > 0 })
            || containers.Distinct().Count() < containers.Count)
        {
            return Results.Problem(
                $"containers must be from 1 to {MostContainers} different ones, each with its host_id and id", statusCode: StatusCodes.Status400BadRequest);
        }

        var results = new ConcurrentDictionary<ContainerKey, BulkResult>();
        await Task.WhenAll(containers.GroupBy(one => one.HostId).Select(ofHost => Parallel.ForEachAsync(
            ofHost,
            new ParallelOptions { MaxDegreeOfParallelism = WidthOfHost, CancellationToken = ct },
            async (one, token) => results[one] = await AuditAsync(one, token))));
        return TypedResults.Ok(new BulkAnswer([.. containers.Select(one => results[one])]));

        // Each container is an entry of its own.
        Task<BulkResult> AuditAsync(ContainerKey one, CancellationToken token) => audit.RunAsync(
            context,
            $"{request.Action} host={one.HostId} cid={one.Id}",
            () => ActOnAsync(request, one, agents, visible, token),
            result => result.Success ? "ok" : "failed");
    }

    private static async Task<BulkResult> ActOnAsync(BulkRequest request, ContainerKey one, AgentCalls agents, VisibleHosts visible, CancellationToken ct)
    {
        var (hostId, id) = (one.HostId!, one.Id!);
        if (!visible.Sees(hostId))
        {
            return new BulkResult(hostId, id, false, $"there is no host {hostId}", ProblemTypes.HostNotFound);
        }

        try
        {
            var operation = new ContainerOperation { Action = request.Action, ContainerId = id, Timeout = request.Timeout, Force = request.Force };
            await agents.OperationAsync(hostId, operation, ct);
            return new BulkResult(hostId, id, true, null, null);
        }
        catch (AgentException e)
        {
            return new BulkResult(hostId, id, false, e.Message, ProblemTypes.Of(e));
        }
    }
}
