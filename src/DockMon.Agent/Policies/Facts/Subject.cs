using DockMon.Protocol;

namespace DockMon.Agent.Policies.Facts;

/// <summary>What a request is about.</summary>
/// <param name="Container">A container, as the request names it: its id, the beginning of it, or its name; null for none.</param>
/// <param name="Other">Something else: an image, a network, a volume, a compose project, a path; null for none.</param>
internal readonly record struct Subject(string? Container, string? Other = null)
{
    public static Subject None => default;

    /// <summary>The container's id, once it is known which one is meant; null before.</summary>
    public string? Id { get; init; }

    /// <summary>What the container is to be called; null for the name that it has.</summary>
    public string? NewName { get; init; }

    /// <summary>The image that it is to be of; null for the one that it has.</summary>
    public string? NewImage { get; init; }

    /// <summary>The labels of that image; null while they are not known.</summary>
    public IReadOnlyDictionary<string, string>? NewImageLabels { get; init; }

    /// <summary>The compose project, whose containers it is about; null for none.</summary>
    public string? Project { get; init; }

    /// <summary>The actions that it consists of beside its own.</summary>
    public IReadOnlyList<string> Parts { get => field ?? []; init; }

    /// <summary>What the container will be.</summary>
    public ContainerFacts Change(ContainerFacts container) => (NewImageLabels is { } labels ? container.WithoutLabelsOf(labels) : container) with
    {
        Name = NewName?.Trim().TrimStart('/') is { Length: > 0 } name ? name : container.Name,
        Image = NewImage?.Trim() is { Length: > 0 } image ? image : container.Image,
    };

    /// <summary>The subject of a payload, the same that its handler works on.</summary>
    public static Subject Of(object payload) => payload switch
    {
        ContainerOperation request => OfContainer(request.ContainerId, request.Image ?? request.Name) with { Id = request.JudgedId, NewName = request.NewName },
        UpdateContainerRequest request => OfContainer(request.ContainerId, request.NewImage) with { Id = request.JudgedId, NewImage = request.NewImage },
        RemoveImageRequest request => new(null, request.ImageId),
        CreateNetworkRequest request => new(null, request.Name),
        DeleteNetworkRequest request => new(null, request.NetworkId),
        CreateVolumeRequest request => new(null, request.Name),
        DeleteVolumeRequest request => new(null, request.VolumeName),
        DeployComposeRequest request => new(null, request.ProjectName) { Project = request.ProjectName, Parts = DeploymentParts.Of(request) },
        ReadComposeRequest request => new(null, request.Path),
        SelfUpdateRequest request => new(null, request.Version),
        _ => None,
    };

    /// <summary>The same payload about the container with an id, whatever its reference means. Answers name it by the reference.</summary>
    public static object Replace(object payload, string id) => payload switch
    {
        ContainerOperation request => request with { JudgedId = id },
        UpdateContainerRequest request => request with { JudgedId = id },
        _ => payload,
    };

    public static Subject OfContainer(string? reference, string? other = null) =>
        new(reference?.Trim().TrimStart('/') is { Length: > 0 } container ? container : null, other);
}
