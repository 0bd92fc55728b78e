using DockMon.Engine;

namespace DockMon.Agent.Policies;

/// <summary>Asks the engine what a policy goes by.</summary>
internal sealed class ContainerFactsReader(EngineClient engine)
{
    /// <summary>The facts of a container; null when there is none.</summary>
    /// <param name="reference">Its id, the beginning of it, or its name.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="EngineException">The engine does not tell: then nobody knows what is allowed.</exception>
    public async Task<ContainerFacts?> ReadAsync(string reference, CancellationToken ct)
    {
        ContainerInspection container;
        try
        {
            container = await engine.InspectContainerAsync(reference, ct);
        }
        catch (EngineException e) when (e.IsMissing)
        {
            return null;
        }

        var labels = container.Config.Labels;
        if (labels.Count > 0)
        {
            var inherited = await LabelsOfAsync(container.Image, ct);
            labels = labels.Where(label => !inherited.TryGetValue(label.Key, out var value) || value != label.Value).ToDictionary(StringComparer.Ordinal);
        }

        return new ContainerFacts(container.Id, container.Name, container.Config.Image, labels);
    }

    private async Task<Dictionary<string, string>> LabelsOfAsync(string image, CancellationToken ct)
    {
        try
        {
            return (await engine.InspectImageAsync(image, ct)).Config.Labels;
        }
        catch (EngineException e) when (e.IsMissing)
        {
            return []; // Removed by force while the container is there.
        }
    }
}
