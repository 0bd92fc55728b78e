using System.Globalization;
using DockMon.Agent.Compose.Discovery;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Compose.Deploy.Project;

/// <summary>A container of a project.</summary>
/// <param name="Service">Its service.</param>
/// <param name="Number">Which of the service's replicas it is.</param>
/// <param name="Id">The full id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Image">Its image, as it was named.</param>
/// <param name="State">What it is doing.</param>
/// <param name="Status">That in Docker's words for people.</param>
/// <param name="RestartPolicy">When Docker starts it again.</param>
internal sealed record ProjectContainer(
    string Service,
    int Number,
    string Id,
    string Name,
    string Image,
    ContainerState State,
    string Status = "",
    string RestartPolicy = "")
{
    /// <summary>What it has mounted and may write: paths of the host, and names of volumes.</summary>
    public IReadOnlyList<string> Writes { get; init; } = [];

    /// <summary>Why it is not good, in two words.</summary>
    public string Reason =>
        State is { Status: "exited", ExitCode: var code } ? $"exited with {code}" : State.Health?.Status is { Length: > 0 } health ? health : State.Status;

    /// <summary>It runs, or it has done what it was there for. <paramref name="healthy"/>: it also has to have passed its health check.</summary>
    public bool IsGood(bool healthy) => State.Status switch
    {
        "running" => State.Health?.Status is not "unhealthy" && !(healthy && State.Health?.Status == "starting"),
        "exited" => State.ExitCode == 0,
        _ => false,
    };

    /// <summary>It runs, and has since it was seen last.</summary>
    public bool IsSameRun(ProjectContainer before) => Id == before.Id && State.Running && before.State.Running && State.StartedAt == before.State.StartedAt;

    /// <summary>What it does now may still become something else.</summary>
    public bool IsUndecided => State.Status switch
    {
        "running" => State.Health?.Status is "starting" or "unhealthy",
        "exited" or "dead" => false,
        _ => true,
    };
}

/// <summary>Asks the engine what there is of a project, by the labels compose gives.</summary>
internal static class ProjectContainers
{
    /// <summary>The label that has a project's name, of whatever compose makes for it.</summary>
    public const string ProjectLabel = Label + "project";

    private const string Label = "com.docker.compose.";

    public static async Task<IReadOnlyList<ProjectContainer>> ListAsync(EngineClient engine, string project, CancellationToken ct)
    {
        var found = new List<ProjectContainer>();
        foreach (var listed in await engine.ListContainersAsync(all: true, ct, $"{ProjectLabel}={project}"))
        {
            try
            {
                var container = await engine.InspectContainerAsync(listed.Id, ct);
                var labels = container.Config.Labels;
                if (string.Equals(labels.GetValueOrDefault(Label + "oneoff"), "True", StringComparison.OrdinalIgnoreCase))
                {
                    continue;
                }

                _ = int.TryParse(labels.GetValueOrDefault(Label + "container-number"), NumberStyles.None, CultureInfo.InvariantCulture, out var number);
                var service = labels.GetValueOrDefault(Label + "service") ?? container.Name;
                found.Add(new ProjectContainer(
                    service,
                    number,
                    container.Id,
                    container.Name,
                    container.Config.Image,
                    container.State,
                    listed.Status,
                    container.HostConfig.RestartPolicy.Name)
                {
                    Writes =
                    [
                        .. container.Mounts.Where(mount => mount is { Type: "bind" or "volume", IsWritable: true })
                            .Select(mount => mount.Type == "bind" ? mount.Source : mount.Name),
                    ],
                });
            }
            catch (EngineException e) when (e.IsMissing)
            {
                // Gone between the list and the question.
            }
        }

        return [.. found.OrderBy(container => container.Service, StringComparer.Ordinal).ThenBy(container => container.Number)];
    }

    /// <summary>The containers by service; a service's further replicas as <c>web-2</c>, <c>web-3</c>.</summary>
    public static IReadOnlyDictionary<string, ProjectContainer> ByName(IReadOnlyList<ProjectContainer> containers)
    {
        var names = new Dictionary<string, ProjectContainer>(StringComparer.Ordinal);
        foreach (var service in containers.GroupBy(container => container.Service, StringComparer.Ordinal))
        {
            var count = 0;
            foreach (var container in service)
            {
                var name = ++count == 1 ? service.Key : $"{service.Key}-{count}";
                // A service may itself be called "web-2".
                names[names.ContainsKey(name) ? container.Name : name] = container;
            }
        }

        return names;
    }

    /// <summary>What does not run although it should: containers by their names of <see cref="ByName"/>, and services without one.</summary>
    public static IReadOnlyList<string> Failed(IReadOnlyDictionary<string, ProjectContainer> containers, IEnumerable<ComposeService> expected, bool healthy) =>
    [
        .. containers.Where(entry => !entry.Value.IsGood(healthy)).Select(entry => entry.Key),
        .. expected.Where(service => service.Replicas > 0 && containers.Values.All(container => container.Service != service.Name))
            .Select(service => service.Name),
    ];

    public static DeployedService Describe(ProjectContainer container, bool healthy) => new()
    {
        ContainerId = new ContainerId(container.Id).Short,
        ContainerName = container.Name,
        Image = container.Image,
        Status = container.Status.Length > 0 ? container.Status : container.State.Status,
        Error = container.IsGood(healthy) ? null : container.Reason,
        ExitCode = container.State.Status is "exited" or "dead" ? container.State.ExitCode : null,
        RestartPolicy = container.RestartPolicy.Length > 0 ? container.RestartPolicy : "no",
    };
}
