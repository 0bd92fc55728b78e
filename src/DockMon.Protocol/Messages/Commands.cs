namespace DockMon.Protocol;

/// <summary>Values of <c>command</c> in a frame of type <see cref="FrameTypes.Command"/>.</summary>
public static class CommandNames
{
    /// <summary>All containers, as Docker lists them, with <c>RepoDigests</c>, <c>StartedAt</c> and <c>Env</c> added.</summary>
    public const string ListContainers = "list_containers";

    /// <summary>Answers <see cref="ImageSummary"/> objects.</summary>
    public const string ListImages = "list_images";

    /// <summary>Takes a <see cref="RemoveImageRequest"/>.</summary>
    public const string RemoveImage = "remove_image";

    /// <summary>Removes every image no container uses.</summary>
    public const string PruneImages = "prune_images";

    /// <summary>Answers <see cref="NetworkSummary"/> objects.</summary>
    public const string ListNetworks = "list_networks";

    /// <summary>Takes a <see cref="CreateNetworkRequest"/>, answers a <see cref="NetworkSummary"/>.</summary>
    public const string CreateNetwork = "create_network";

    /// <summary>Takes a <see cref="DeleteNetworkRequest"/>.</summary>
    public const string DeleteNetwork = "delete_network";

    /// <summary>Removes every network no container uses.</summary>
    public const string PruneNetworks = "prune_networks";

    /// <summary>Answers <see cref="VolumeSummary"/> objects.</summary>
    public const string ListVolumes = "list_volumes";

    /// <summary>Takes a <see cref="CreateVolumeRequest"/>.</summary>
    public const string CreateVolume = "create_volume";

    /// <summary>Takes a <see cref="DeleteVolumeRequest"/>.</summary>
    public const string DeleteVolume = "delete_volume";

    /// <summary>Removes every volume no container uses, named ones too.</summary>
    public const string PruneVolumes = "prune_volumes";

    /// <summary>Answers a <see cref="SystemInformation"/>.</summary>
    public const string GetSystemInfo = "get_system_info";

    /// <summary>Takes an <see cref="UpdateContainerRequest"/>.</summary>
    public const string UpdateContainer = "update_container";

    /// <summary>Takes a <see cref="SelfUpdateRequest"/>.</summary>
    public const string SelfUpdate = "self_update";

    /// <summary>Takes a <see cref="DeployComposeRequest"/>.</summary>
    public const string DeployCompose = "deploy_compose";

    /// <summary>Takes a <see cref="ScanComposeRequest"/>.</summary>
    public const string ScanComposeDirs = "scan_compose_dirs";

    /// <summary>Takes a <see cref="ReadComposeRequest"/>.</summary>
    public const string ReadComposeFile = "read_compose_file";

    /// <summary>Takes an <see cref="ImageCheckRequest"/>, answers <see cref="ImageCheckResult"/> objects. Of <see cref="ExtensionNames.ImageCheck"/>.</summary>
    public const string ImageCheck = ExtensionNames.ImageCheck;
}

/// <summary>The answer of a command that has nothing else to say.</summary>
public sealed record SuccessResult
{
    /// <summary>Always true.</summary>
    public bool Success { get; init; } = true;
}

/// <summary>The answer of a command whose work goes on: <c>update_started</c>, <c>deployment_started</c>, <c>self_update_started</c>.</summary>
public sealed record StartedResult
{
    /// <summary>What was started.</summary>
    public required string Status { get; init; }
}

/// <summary>What Docker says about the host: the system fields of a <see cref="RegisterRequest"/>, left out where unknown.</summary>
public sealed record SystemInformation
{
    /// <inheritdoc cref="RegisterRequest.Hostname"/>
    public string? Hostname { get; init; }

    /// <inheritdoc cref="RegisterRequest.HostnameSource"/>
    public string? HostnameSource { get; init; }

    /// <inheritdoc cref="RegisterRequest.AgentOs"/>
    public string? AgentOs { get; init; }

    /// <inheritdoc cref="RegisterRequest.AgentArch"/>
    public string? AgentArch { get; init; }

    /// <inheritdoc cref="RegisterRequest.OsType"/>
    public string? OsType { get; init; }

    /// <inheritdoc cref="RegisterRequest.OsVersion"/>
    public string? OsVersion { get; init; }

    /// <inheritdoc cref="RegisterRequest.KernelVersion"/>
    public string? KernelVersion { get; init; }

    /// <inheritdoc cref="RegisterRequest.DockerVersion"/>
    public string? DockerVersion { get; init; }

    /// <inheritdoc cref="RegisterRequest.DaemonStartedAt"/>
    public string? DaemonStartedAt { get; init; }

    /// <inheritdoc cref="RegisterRequest.TotalMemory"/>
    public long? TotalMemory { get; init; }

    /// <inheritdoc cref="RegisterRequest.NumCpus"/>
    public int? NumCpus { get; init; }

    /// <inheritdoc cref="RegisterRequest.HostIps"/>
    public IReadOnlyList<string>? HostIps { get; init; }

    /// <inheritdoc cref="RegisterRequest.HostIp"/>
    public string? HostIp { get; init; }
}

/// <summary>A container as images, networks and volumes name their users.</summary>
/// <param name="Id">12 characters of the id.</param>
/// <param name="Name">The name, without a slash.</param>
public sealed record ContainerName(string Id, string Name);

/// <summary>An image in a list.</summary>
public sealed record ImageSummary
{
    /// <summary>12 characters of the id, without its algorithm.</summary>
    public required string Id { get; init; }

    /// <summary>The tags; empty for an untagged image.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>Size, bytes.</summary>
    public long Size { get; init; }

    /// <summary>When it was made, to the second.</summary>
    public required string Created { get; init; }

    /// <summary>Whether a container uses it.</summary>
    public bool InUse { get; init; }

    /// <summary>How many containers use it.</summary>
    public int ContainerCount { get; init; }

    /// <summary>The containers that use it.</summary>
    public required IReadOnlyList<ContainerName> Containers { get; init; }

    /// <summary>Whether it has no tag.</summary>
    public bool Dangling { get; init; }
}

/// <summary>A network in a list.</summary>
public sealed record NetworkSummary
{
    /// <summary>12 characters of the id.</summary>
    public required string Id { get; init; }

    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>The driver, such as <c>bridge</c>.</summary>
    public required string Driver { get; init; }

    /// <summary>The scope, such as <c>local</c>.</summary>
    public required string Scope { get; init; }

    /// <summary>When it was made, to the second.</summary>
    public required string Created { get; init; }

    /// <summary>Whether it has no way out.</summary>
    public bool Internal { get; init; }

    /// <summary>Its first subnet, in CIDR notation; empty where it has none.</summary>
    public required string Subnet { get; init; }

    /// <summary>The containers on it, running or not.</summary>
    public required IReadOnlyList<ContainerName> Containers { get; init; }

    /// <summary>How many containers are on it.</summary>
    public int ContainerCount { get; init; }

    /// <summary>Whether it is Docker's own and cannot be removed.</summary>
    public bool IsBuiltin { get; init; }
}

/// <summary>A volume in a list.</summary>
public sealed record VolumeSummary
{
    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>The driver, such as <c>local</c>.</summary>
    public required string Driver { get; init; }

    /// <summary>Where it lies on the host.</summary>
    public required string Mountpoint { get; init; }

    /// <summary>When it was made, to the second.</summary>
    public required string Created { get; init; }

    /// <summary>The containers that mount it, running or not.</summary>
    public required IReadOnlyList<ContainerName> Containers { get; init; }

    /// <summary>How many containers mount it.</summary>
    public int ContainerCount { get; init; }

    /// <summary>Whether a container mounts it.</summary>
    public bool InUse { get; init; }
}

/// <summary>Payload of <c>remove_image</c>.</summary>
public sealed record RemoveImageRequest
{
    /// <summary>The image: id or reference.</summary>
    public string? ImageId { get; init; }

    /// <summary>Whether to remove it although it has several tags or stopped containers use it.</summary>
    public bool? Force { get; init; }
}

/// <summary>Payload of <c>create_network</c>.</summary>
public sealed record CreateNetworkRequest
{
    /// <summary>The name.</summary>
    public string? Name { get; init; }

    /// <summary>The driver; <c>bridge</c> when absent.</summary>
    public string? Driver { get; init; }

    /// <summary>The subnet, in CIDR notation.</summary>
    public string? Subnet { get; init; }

    /// <summary>The gateway's address.</summary>
    public string? Gateway { get; init; }

    /// <summary>Whether it has no way out.</summary>
    public bool? Internal { get; init; }
}

/// <summary>Payload of <c>delete_network</c>.</summary>
public sealed record DeleteNetworkRequest
{
    /// <summary>The network: id or name.</summary>
    public string? NetworkId { get; init; }

    /// <summary>Whether to disconnect its containers first.</summary>
    public bool? Force { get; init; }
}

/// <summary>Payload and answer of <c>create_volume</c>.</summary>
public sealed record CreateVolumeRequest
{
    /// <summary>The name.</summary>
    public string? Name { get; init; }
}

/// <summary>Payload of <c>delete_volume</c>.</summary>
public sealed record DeleteVolumeRequest
{
    /// <summary>The volume.</summary>
    public string? VolumeName { get; init; }

    /// <summary>Docker's own switch of the same name.</summary>
    public bool? Force { get; init; }
}

/// <summary>What a prune removed.</summary>
public sealed record PruneResult
{
    /// <summary>How many objects.</summary>
    public int RemovedCount { get; init; }

    /// <summary>Bytes freed; absent for networks.</summary>
    public long? SpaceReclaimed { get; init; }

    /// <summary>The networks removed, for <c>prune_networks</c>.</summary>
    public IReadOnlyList<string>? NetworksRemoved { get; init; }

    /// <summary>The volumes removed, for <c>prune_volumes</c>.</summary>
    public IReadOnlyList<string>? VolumesRemoved { get; init; }
}
