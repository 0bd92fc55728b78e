namespace DockMon.Agent.Policies.Facts;

/// <summary>What a policy may go by of a container.</summary>
/// <param name="Id">64 characters.</param>
/// <param name="Name">Without the slash.</param>
/// <param name="Image">The image as it was named when the container was created.</param>
/// <param name="Labels">Those that were set when it was created; not those of its image, which whoever made the image chose.</param>
internal sealed record ContainerFacts(string Id, string Name, string Image, IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>Whether any of the labels may be one of its image, because the image is gone.</summary>
    public bool HasUncertainLabels { get; init; }

    /// <summary>The same without the labels that it has from an image.</summary>
    public ContainerFacts WithoutLabelsOf(IReadOnlyDictionary<string, string> image) => this with
    {
        Labels = Labels.Where(label => !image.TryGetValue(label.Key, out var value) || value != label.Value).ToDictionary(StringComparer.Ordinal),
        HasUncertainLabels = false,
    };
}
