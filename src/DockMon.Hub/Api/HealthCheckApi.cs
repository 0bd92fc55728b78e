using DockMon.Hub.Agents;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Api;

/// <summary>Health checks of a host. Their results come as <c>health_check_result</c> in the stream.</summary>
internal static class HealthCheckApi
{
    public static void Map(WebApplication app)
    {
        var host = app.MapGroup("/api/hosts/{id}/health-checks").AddEndpointFilter(HostApi.ExistsAsync);
        host.MapGet("", (string id, IHealthChecks checks) => checks.Find(id)?.Configs ?? []).WithSummary("The health checks of the host.");
        host.MapPut("", async (string id, IReadOnlyList<HealthCheckConfig> configs, IHealthChecks checks, HealthCheckPush push, CancellationToken ct) =>
        {
            if (configs.Any(config => string.IsNullOrEmpty(config?.ContainerId)) || configs.DistinctBy(config => config.ContainerId).Count() < configs.Count)
            {
                return Results.Problem("each health check needs a container_id of its own", statusCode: StatusCodes.Status400BadRequest);
            }

            checks.Replace(id, new HealthCheckConfigsSync { Configs = [.. configs.Select(config => config with { HostId = id })] });
            await push.PushAsync(id, ct);
            return Results.NoContent();
        }).WithSummary("Replaces the health checks of the host, now or when its agent connects.");
    }
}
