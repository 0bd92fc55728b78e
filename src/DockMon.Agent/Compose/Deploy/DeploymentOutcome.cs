using DockMon.Agent.Compose.Deploy.Project;
using DockMon.Agent.Compose.Discovery;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Compose.Deploy;

/// <summary>What became of the containers of a deployment, once compose has done its part.</summary>
internal sealed class DeploymentOutcome(
    EngineClient engine,
    DeployComposeRequest request,
    HiddenServices hidden,
    Action<string, string, IReadOnlyList<ProjectContainer>?> report,
    TimeProvider time)
{
    /// <summary>How long a container without a health check has to run before it counts: what ends at once, ends within this.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(2);

    private const int DefaultHealthSeconds = 60;
    private const int LongestHealthSeconds = 3600;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly string _project = request.ProjectName!;

    private TimeSpan HealthTimeout => TimeSpan.FromSeconds(Math.Clamp(request.HealthTimeout ?? DefaultHealthSeconds, 1, LongestHealthSeconds));

    /// <summary>How it ended when it did not get anywhere.</summary>
    public static DeployComplete Failure(DeployComposeRequest request, string error) =>
        new() { DeploymentId = request.DeploymentId!, Action = request.Action ?? "up", Services = new Dictionary<string, DeployedService>(), Error = error };

    /// <summary>Waits until it is known what became of the containers, and says so.</summary>
    public async Task<DeployComplete> SettleAsync(ComposeModel model, IReadOnlyList<ProjectContainer> before, CancellationToken ct)
    {
        var wait = request.WaitForHealthy == true;
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) is var passed && passed < (wait ? HealthTimeout : Settle))
        {
            var containers = await ProjectContainers.ListAsync(engine, _project, ct);
            var undecided = containers.Count(container => container.IsUndecided);
            if (wait && undecided > 0)
            {
                var (visible, _) = await hidden.RemoveAsync(containers, [], ct);
                report(DeployStages.HealthCheck, $"Project {_project}: waiting for {undecided} of {containers.Count} containers", visible);
            }

            // What ran before, and was left alone, has nothing to show.
            if (undecided == 0 && (passed >= Settle || containers.All(container => before.Any(container.IsSameRun))))
            {
                break;
            }

            await Task.Delay(Interval, time, ct);
        }

        return await DescribeAsync(model, error: null, ct);
    }

    /// <summary>What became of the containers by now.</summary>
    /// <param name="model">The services that are on.</param>
    /// <param name="error">Why it failed already; null when it did not.</param>
    /// <param name="ct">Ends it.</param>
    public async Task<DeployComplete> DescribeAsync(ComposeModel model, string? error, CancellationToken ct)
    {
        var (found, expected) = await hidden.RemoveAsync(await ProjectContainers.ListAsync(engine, _project, ct), model.Services, ct);
        var containers = ProjectContainers.ByName(found);
        var services = expected.Select(service => service.Name).ToHashSet(StringComparer.Ordinal);
        var failed = ProjectContainers.Failed(containers, expected, request.WaitForHealthy == true);
        var success = error is null && failed.Count == 0;
        var partial = failed.Count > 0 && containers.Any(entry => services.Contains(entry.Value.Service) && !failed.Contains(entry.Key));
        return new DeployComplete
        {
            DeploymentId = request.DeploymentId!,
            Action = request.Action ?? "up",
            Success = success,
            PartialSuccess = partial ? true : null,
            Services = containers.ToDictionary(entry => entry.Key, entry => ProjectContainers.Describe(entry.Value, request.WaitForHealthy == true)),
            FailedServices = failed.Count > 0 ? failed : null,
            Error = success ? null : error ?? $"failed to {(request.Action == "restart" ? "restart" : "start")} project {_project}: not running: "
            + $"{string.Join(", ", failed.Select(name => Reason(name, containers)))}",
        };
    }

    private static string Reason(string name, IReadOnlyDictionary<string, ProjectContainer> containers) =>
        $"{name} ({(containers.TryGetValue(name, out var container) ? container.Reason : "no container")})";
}
