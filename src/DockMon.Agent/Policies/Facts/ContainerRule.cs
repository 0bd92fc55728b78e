using DockMon.Agent.Policies.Create;

namespace DockMon.Agent.Policies.Facts;

/// <summary>What a policy says of some containers. Of several rules the first that matches counts.</summary>
internal sealed record ContainerRule
{
    /// <summary>Pattern of names; null for any.</summary>
    public string? Name { get; init; }

    /// <summary>Pattern of images; null for any.</summary>
    public ImagePattern? Image { get; init; }

    /// <summary>A label by its name, or as NAME=VALUE with a pattern for the value; null for any.</summary>
    public string? Label { get; init; }

    /// <summary>What is allowed beside observing, and nothing else then; null for what is allowed on all containers.</summary>
    public ActionSet? Allow { get; init; }

    /// <summary>What is refused.</summary>
    public ActionSet Deny { get; init; } = ActionSet.None;

    /// <summary>Whether the server is told nothing of them.</summary>
    public bool Hide { get; init; }

    /// <summary>The rule in short, for whoever is refused.</summary>
    public required string Text { get; init; }

    public bool Matches(ContainerFacts container) =>
        (Name is null || Glob.IsMatch(Name, container.Name))
        && (Image is null || (ImageName.Read(container.Image) is { } image && Image.Matches(image)))
        && (Label is null || HasLabel(container.Labels));

    private bool HasLabel(IReadOnlyDictionary<string, string> labels) => Label!.Split('=', 2) switch
    {
        [var name, var pattern] => labels.TryGetValue(name, out var value) && Glob.IsMatch(pattern, value),
        _ => labels.ContainsKey(Label),
    };
}
