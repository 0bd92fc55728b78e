using DockMon.Agent.Compose.Deploy.Project;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Compose.Deploy;

/// <summary>Finds out how a deployment stands that an earlier run of the agent did not bring to its end.</summary>
internal sealed class InterruptedDeployments(EngineClient engine, TimeProvider time)
{
    /// <summary>How long an engine that does not answer is waited for: after a power cut it starts beside the agent.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    public async Task<DeployComplete> DescribeAsync(DeploymentJournal journal, CancellationToken ct)
    {
        if (journal.End is { } end)
        {
            return end;
        }

        var error = $"failed to {journal.Action} project {journal.Project}: interrupted: the agent ended "
            + $"{(journal.Begun ? "in the middle of it" : "before anything was changed")}";
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                return Describe(journal, error, ProjectContainers.ByName(await ProjectContainers.ListAsync(engine, journal.Project, ct)));
            }
            catch (EngineException e)
            {
                if (time.GetElapsedTime(started) >= Patience)
                {
                    return Describe(journal, $"{error}; what runs of it cannot be said: {e.Message}", null);
                }
            }

            await Task.Delay(Interval, time, ct);
        }
    }

    private static DeployComplete Describe(DeploymentJournal journal, string error, IReadOnlyDictionary<string, ProjectContainer>? containers)
    {
        List<string> failed = [.. (containers ?? new Dictionary<string, ProjectContainer>())
            .Where(entry => !entry.Value.IsGood(healthy: false))
            .Select(entry => entry.Key)];
        var found = containers is null ? ""
            : containers.Count == 0 ? "; there is no container of it"
            : $"; there is: {string.Join(", ", containers.Select(entry => $"{entry.Key} ({entry.Value.Status})"))}";
        return new DeployComplete
        {
            DeploymentId = journal.DeploymentId,
            Action = journal.Action,
            Services = containers?.ToDictionary(entry => entry.Key, entry => ProjectContainers.Describe(entry.Value, healthy: false)) ?? [],
            FailedServices = failed.Count > 0 ? failed : null,
            Error = $"{error}{found}. Ask for it once more",
        };
    }
}
