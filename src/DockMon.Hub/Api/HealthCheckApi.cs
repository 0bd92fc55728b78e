using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Agents;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;

namespace DockMon.Hub.Api;

/// <summary>Endpoints of a host's health checks. Results are <c>health_check_result</c> events of the stream.</summary>
internal static class HealthCheckApi
{
    public static void Map(WebApplication app)
    {
        var host = app.MapGroup("/api/hosts/{id}/health-checks").AddEndpointFilter(HostApi.ExistsAsync).Allow(Role.Operator);
        host.MapGet("", async (string id, IHealthChecks checks, CancellationToken ct) => (await checks.FindAsync(id, ct))?.Configs ?? [])
            .WithSummary("Health checks of the host.");
        host.MapPut("", async (string id, IReadOnlyList<HealthCheckConfig> configs, IHealthChecks checks, HealthCheckPush push, CancellationToken ct) =>
        {
            if (configs.Any(config => string.IsNullOrEmpty(config?.ContainerId)) || configs.DistinctBy(config => config.ContainerId).Count() < configs.Count)
            {
                return Results.Problem("each health check needs a container_id of its own", statusCode: StatusCodes.Status400BadRequest);
            }

            await checks.ReplaceAsync(id, new HealthCheckConfigsSync { Configs = [.. configs.Select(config => config with { HostId = id })] }, ct);
            await push.ReplacedAsync(id, ct);
            return Results.NoContent();
        }).Produces(StatusCodes.Status204NoContent).WithSummary("Replaces the health checks of the host. Its agent gets them now or when it connects.");
    }
}
