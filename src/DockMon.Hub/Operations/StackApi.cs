using System.Text.RegularExpressions;
using DockMon.Hub.Access.Audit;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Api;
using DockMon.Hub.Api.Contract;
using DockMon.Protocol;
using Microsoft.AspNetCore.Mvc;

namespace DockMon.Hub.Operations;

/// <summary>A deployment of a stack.</summary>
/// <param name="Compose">The compose file.</param>
/// <param name="Env">The <c>.env</c> file beside it.</param>
/// <param name="PullImages">Whether images are pulled first.</param>
/// <param name="ForceRecreate">Whether containers are made anew although nothing changed.</param>
/// <param name="WaitForHealthy">Whether the deployment waits until the services are healthy.</param>
/// <param name="Revision">
/// The revision that the files were made from, empty for a new stack: if there are others by now, nothing is done. Without it they are replaced.
/// </param>
internal sealed record StackRequest(string? Compose, string? Env, bool? PullImages, bool? ForceRecreate, bool? WaitForHealthy, string? Revision);

/// <summary>Endpoints of a host's compose stacks.</summary>
internal static partial class StackApi
{
    private const int LongestFile = 1024 * 1024;

    public static void Map(WebApplication app)
    {
        app.MapGet("/api/stacks", ListAllAsync).Allow(Role.Viewer).Produces<IReadOnlyList<StackSummary>>().WithSummary("Compose projects of all hosts.");
        var stacks = app.MapGroup("/api/hosts/{id}/stacks").AddEndpointFilter(HostApi.ExistsAsync);
        var deploy = CommandRoles.OfCommand(CommandNames.DeployCompose);
        stacks.MapGet("", ListAsync).Allow(Role.Viewer).Produces<IReadOnlyList<StackSummary>>().WithSummary("Compose projects of the host.");

        // The files may hold passwords.
        stacks.MapGet("/{name}", FindAsync).Allow(deploy).WithMetadata(new AuditedRead()).Produces<StackAnswer>()
            .WithSummary("The files of a stack that the hub has.");
        stacks.MapPut("/{name}", DeployAsync).Allow(deploy).Produces<OperationAnswer>(StatusCodes.Status202Accepted).Produces<StackAnswer>()
            .WithSummary("Stores a stack and begins to deploy it. The event operation_changed and getOperation tell how it goes. With deploy=false it is "
                + "only stored, which a host that is offline allows, too.");
        stacks.MapDelete("/{name}", RemoveAsync).Allow(deploy).Produces<OperationAnswer>(StatusCodes.Status202Accepted)
            .WithSummary("Begins to take a stack down, with volumes=true its volumes, too; afterwards the hub forgets it, unless keep=true.");
    }

    private static Task<IReadOnlyList<StackSummary>> ListAllAsync(StackStore stacks, VisibleHosts visible, CancellationToken ct) =>
        stacks.ListAsync(visible.Only, ct);

    private static Task<IReadOnlyList<StackSummary>> ListAsync(string id, StackStore stacks, CancellationToken ct) =>
        stacks.ListAsync(new HashSet<string> { id }, ct);

    private static async Task<IResult> FindAsync(string id, string name, StackStore stacks, CancellationToken ct) =>
        await stacks.FindAsync(id, name, ct) is { } stack ? TypedResults.Ok(stack) : Missing(name);

    private static async Task<IResult> DeployAsync(
        string id,
        string name,
        StackRequest request,
        bool? deploy,
        [FromHeader(Name = OperationApi.Key)] Guid? key,
        StackStore stacks,
        AgentCalls agents,
        OperationStore operations,
        OperationUpdates updates,
        CancellationToken ct)
    {
        if (await OperationApi.BegunAsync(id, name, key, operations, ct) is { } begun)
        {
            return begun;
        }

        if (!ProjectName().IsMatch(name))
        {
            return Results.Problem(
                "the name of a stack has lower-case letters, digits, dashes and underscores, and at most 64 of them",
                statusCode: StatusCodes.Status400BadRequest);
        }

        if (request.Compose is not { Length: > 0 and <= LongestFile } compose || request.Env?.Length > LongestFile)
        {
            return Results.Problem("compose must be a compose file; neither it nor env may have more than 1 MiB", statusCode: StatusCodes.Status400BadRequest);
        }

        var files = new StackContent(compose, request.Env);
        if (deploy == false)
        {
            return await stacks.SaveAsync(id, name, files, request.Revision, ct) ? await FindAsync(id, name, stacks, ct) : Changed(name);
        }

        // Both at once: who repeats the request finds the operation, and not only files that are not those that his were made from.
        if (await operations.AddAsync(
            id, OperationKinds.Deploy, name, ct, files.Revision, id: key, first: open => stacks.SaveAsync(open, id, name, files, request.Revision))
            is not { } added)
        {
            return Changed(name);
        }

        var payload = new DeployComposeRequest
        {
            DeploymentId = added.Operation.Id,
            ProjectName = name,
            ComposeContent = compose,
            EnvFileContent = request.Env,
            Action = "up",
            PullImages = request.PullImages,
            ForceRecreate = request.ForceRecreate,
            WaitForHealthy = request.WaitForHealthy,
        };
        return await BeginAsync(id, name, added, payload, agents, updates);
    }

    private static async Task<IResult> RemoveAsync(
        string id,
        string name,
        bool? volumes,
        bool? keep,
        [FromHeader(Name = OperationApi.Key)] Guid? key,
        StackStore stacks,
        AgentCalls agents,
        OperationStore operations,
        OperationUpdates updates,
        CancellationToken ct)
    {
        if (await OperationApi.BegunAsync(id, name, key, operations, ct) is { } begun)
        {
            return begun;
        }

        if (await stacks.FindAsync(id, name, ct) is not { } stack)
        {
            // Another request with the same key may have removed it just now.
            return await OperationApi.BegunAsync(id, name, key, operations, ct) ?? Missing(name);
        }

        var added = (await operations.AddAsync(id, keep == true ? OperationKinds.Down : OperationKinds.Remove, name, ct, id: key))!;
        var payload = new DeployComposeRequest
        {
            DeploymentId = added.Operation.Id,
            ProjectName = name,
            ComposeContent = stack.Compose,
            EnvFileContent = stack.Env,
            Action = "down",
            RemoveVolumes = volumes,
        };
        return await BeginAsync(id, name, added, payload, agents, updates);
    }

    private static Task<IResult> BeginAsync(
        string hostId, string name, AddedOperation added, DeployComposeRequest payload, AgentCalls agents, OperationUpdates updates) =>
        OperationApi.BeginAsync(
            hostId,
            name,
            added,
            updates,
            () => agents.CommandAsync(hostId, CommandNames.DeployCompose, payload, ProtocolJson.Default.DeployComposeRequest, CancellationToken.None));

    private static IResult Changed(string name) => Results.Problem(
        $"the files of stack {name} are not those that yours were made from: somebody else has stored others. Nothing was stored or deployed",
        statusCode: StatusCodes.Status409Conflict,
        type: ProblemTypes.Conflict);

    private static IResult Missing(string name) =>
        Results.Problem($"the hub has no files of a stack {name} of this host", statusCode: StatusCodes.Status404NotFound);

    [GeneratedRegex("^[a-z0-9][a-z0-9_-]{0,63}$", RegexOptions.CultureInvariant)]
    private static partial Regex ProjectName();
}
