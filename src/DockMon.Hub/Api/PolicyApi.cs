using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;

namespace DockMon.Hub.Api;

/// <summary>The endpoint of a host's policy.</summary>
internal static class PolicyApi
{
    public static void Map(WebApplication app) =>
        app.MapGroup("/api/hosts/{id}").AddEndpointFilter(HostApi.ExistsAsync).Allow(Role.Viewer)
            .MapGet("/policy", GetAsync)
            .Produces<PolicyStatement>()
            .ProducesProblem(StatusCodes.Status501NotImplemented)
            .WithSummary("What the policy on the host allows: allowed, depends (on the container) or refused, for each action.");

    private static async Task<IResult> GetAsync(string id, IHosts hosts, HostPolicies policies, CancellationToken ct)
    {
        if ((await hosts.FindAsync(id, ct))?.Can(ExtensionNames.Policy) != true)
        {
            return Results.Problem("the agent of this host does not tell its policy", statusCode: StatusCodes.Status501NotImplemented);
        }

        return await policies.FindAsync(id, ct) is { } policy ? Results.Ok(policy)
            : Results.Problem("the agent has not told its policy yet", statusCode: StatusCodes.Status404NotFound);
    }
}
