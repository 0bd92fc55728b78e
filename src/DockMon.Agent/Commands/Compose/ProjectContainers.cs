using System.Globalization;
using System.Text.Json;
using DockMon.Agent.Commands.Files;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Commands.Compose;

/// <summary>A container of a project.</summary>
/// <param name="Service">Its service.</param>
/// <param name="Number">Which of the service's replicas it is.</param>
/// <param name="Id">The full id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Image">Its image, as it was named.</param>
/// <param name="State">What it is doing.</param>
internal sealed record ProjectContainer(string Service, int Number, string Id, string Name, string Image, ContainerState State)
{
    /// <summary>It runs, or it has done what it was there for. <paramref name="healthy"/>: it also has to have passed its health check.</summary>
    public bool IsGood(bool healthy) => State.Status switch
    {
        "running" => State.Health?.Status is not "unhealthy" && !(healthy && State.Health?.Status == "starting"),
        "exited" => State.ExitCode == 0,
        _ => false,
    };

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
    public static async Task<IReadOnlyList<ProjectContainer>> ListAsync(EngineClient engine, string project, CancellationToken ct)
    {
        using var all = JsonDocument.Parse(await engine.ListContainersRawAsync(all: true, ct));
        var found = new List<ProjectContainer>();
        foreach (var item in all.RootElement.EnumerateArray())
        {
            if (Label(item, "project") != project || string.Equals(Label(item, "oneoff"), "True", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            try
            {
                var container = await engine.InspectContainerAsync(item.GetProperty("Id").GetString()!, ct);
                _ = int.TryParse(Label(item, "container-number"), NumberStyles.None, CultureInfo.InvariantCulture, out var number);
                found.Add(new ProjectContainer(Label(item, "service") ?? container.Name, number, container.Id, container.Name, container.Config.Image, container.State));
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
        .. expected.Where(service => service.Replicas > 0 && containers.Values.All(container => container.Service != service.Name)).Select(service => service.Name),
    ];

    public static DeployedService Describe(ProjectContainer container) =>
        new() { ContainerId = container.Id[..12], ContainerName = container.Name, Image = container.Image, Status = container.State.Status };

    private static string? Label(JsonElement container, string name) =>
        container.TryGetProperty("Labels", out var labels) && labels.ValueKind == JsonValueKind.Object && labels.TryGetProperty("com.docker.compose." + name, out var value) ? value.GetString() : null;
}
