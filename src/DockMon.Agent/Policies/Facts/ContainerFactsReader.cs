using DockMon.Agent.Compose.Deploy.Project;
using DockMon.Engine;

namespace DockMon.Agent.Policies.Facts;

/// <summary>Asks the engine what a policy goes by.</summary>
internal sealed class ContainerFactsReader(EngineClient engine)
{
    public EngineClient Engine => engine;

    /// <summary>The facts of a container; null when there is none.</summary>
    /// <param name="reference">Its id, the beginning of it, or its name.</param>
    /// <param name="ct">Ends it.</param>
    /// <param name="limit">How long the engine may take for each of two questions; null for the usual limit.</param>
    /// <exception cref="EngineException">The engine does not tell: then nobody knows what is allowed.</exception>
    public async Task<ContainerFacts?> ReadAsync(string reference, CancellationToken ct, TimeSpan? limit = null)
    {
        ContainerInspection container;
        try
        {
            container = await engine.InspectContainerAsync(reference, ct, limit);
        }
        catch (EngineException e) when (e.IsMissing)
        {
            return null;
        }

        var facts = new ContainerFacts(container.Id, container.Name, container.Config.Image, container.Config.Labels);
        if (facts.Labels.Count == 0)
        {
            return facts;
        }

        return await LabelsOfAsync(container.Image, limit, ct) is { } inherited
            ? facts.WithoutLabelsOf(inherited)
            : facts with { HasUncertainLabels = true };
    }

    /// <summary>The facts of all containers of a compose project.</summary>
    /// <exception cref="EngineException">The engine does not tell.</exception>
    public async Task<IReadOnlyList<ContainerFacts>> ReadProjectAsync(string project, CancellationToken ct)
    {
        var members = new List<ContainerFacts>();
        foreach (var listed in await engine.ListContainersAsync(all: true, ct, $"{ProjectContainers.ProjectLabel}={project}"))
        {
            if (await ReadAsync(listed.Id, ct) is { } member)
            {
                members.Add(member);
            }
        }

        return members;
    }

    /// <returns>The labels; null when the image is gone: it was removed by force while the container is there.</returns>
    private async Task<Dictionary<string, string>?> LabelsOfAsync(string image, TimeSpan? limit, CancellationToken ct)
    {
        if (string.IsNullOrWhiteSpace(image))
        {
            return null; // Not even its id is left.
        }

        try
        {
            return (await engine.InspectImageAsync(image, ct, limit)).Config.Labels;
        }
        catch (EngineException e) when (e.IsMissing)
        {
            return null;
        }
    }
}
