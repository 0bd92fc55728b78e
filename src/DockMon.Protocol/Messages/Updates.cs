using System.Text.Json.Serialization;

namespace DockMon.Protocol;

/// <summary>Credentials of a registry. Secret: never logged.</summary>
public sealed record RegistryAuth
{
    /// <summary>The user.</summary>
    public string? Username { get; init; }

    /// <summary>The password or token.</summary>
    public string? Password { get; init; }
}

/// <summary>Payload of <c>update_container</c>.</summary>
public sealed record UpdateContainerRequest
{
    /// <summary>The container to update, as the server names it; events carry the same value.</summary>
    public string? ContainerId { get; init; }

    /// <summary>The full id of the container that is meant, once the agent has found it. Not on the wire.</summary>
    [JsonIgnore]
    public string? JudgedId { get; init; }

    /// <summary>The image to run from now on.</summary>
    public string? NewImage { get; init; }

    /// <summary>Seconds the old container has to stop; 30 when absent.</summary>
    public int? StopTimeout { get; init; }

    /// <summary>Seconds the new container has to become healthy; 120 when absent.</summary>
    public int? HealthTimeout { get; init; }

    /// <summary>Credentials for the pull.</summary>
    public RegistryAuth? RegistryAuth { get; init; }
}

/// <summary>Values of <see cref="UpdateProgress.Stage"/>, in their order.</summary>
public static class UpdateStages
{
    /// <summary>The new image is pulled; the old container runs.</summary>
    public const string Pulling = "pulling";

    /// <summary>The new container is planned.</summary>
    public const string Configuring = "configuring";

    /// <summary>The old container is stopped and set aside.</summary>
    public const string Backup = "backup";

    /// <summary>The new container is created.</summary>
    public const string Creating = "creating";

    /// <summary>The new container is started.</summary>
    public const string Starting = "starting";

    /// <summary>The new container is watched until it is healthy.</summary>
    public const string HealthCheck = "health_check";

    /// <summary>Containers that share the old one's network are recreated.</summary>
    public const string Dependents = "dependents";

    /// <summary>What is left of the old container is removed.</summary>
    public const string Cleanup = "cleanup";

    /// <summary>Done.</summary>
    public const string Completed = "completed";

    /// <summary>It failed; the old container is as it was.</summary>
    public const string Failed = "failed";

    /// <summary>It failed, and the old container is being brought back.</summary>
    public const string Rollback = "rollback";
}

/// <summary>How an update gets on.</summary>
public sealed record UpdateProgress
{
    /// <summary>The container, as the server named it.</summary>
    public required string ContainerId { get; init; }

    /// <summary>One of <see cref="UpdateStages"/>.</summary>
    public required string Stage { get; init; }

    /// <summary>One sentence for people.</summary>
    public required string Message { get; init; }

    /// <summary>Why it failed.</summary>
    public string? Error { get; init; }
}

/// <summary>How the pull of an update gets on.</summary>
public sealed record UpdateLayerProgress
{
    /// <summary>The container, as the server named it.</summary>
    public required string ContainerId { get; init; }

    /// <summary>Percent of all bytes known so far.</summary>
    public int OverallProgress { get; init; }

    /// <summary>20 layers at most, active ones first.</summary>
    public required IReadOnlyList<LayerProgress> Layers { get; init; }

    /// <summary>How many layers the image has.</summary>
    public int TotalLayers { get; init; }

    /// <summary>How many of them are not listed in <see cref="Layers"/>.</summary>
    public int RemainingLayers { get; init; }

    /// <summary>One sentence for people.</summary>
    public required string Summary { get; init; }

    /// <summary>Download speed, megabytes a second.</summary>
    public double SpeedMbps { get; init; }
}

/// <summary>How one layer of a pull gets on.</summary>
public sealed record LayerProgress
{
    /// <summary>12 characters of the layer's id.</summary>
    public required string Id { get; init; }

    /// <summary>Docker's word for what it does, such as <c>Downloading</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Bytes done.</summary>
    public long Current { get; init; }

    /// <summary>Bytes in all; 0 when unknown.</summary>
    public long Total { get; init; }

    /// <summary>Percent done.</summary>
    public int Percent { get; init; }
}

/// <summary>An update succeeded. Sent on success only: servers read it as success.</summary>
public sealed record UpdateComplete
{
    /// <summary>The container the server asked to update, as it named it.</summary>
    public required string OldContainerId { get; init; }

    /// <summary>12 characters of the new id.</summary>
    public required string NewContainerId { get; init; }

    /// <summary>The name, without a slash.</summary>
    public required string ContainerName { get; init; }

    /// <summary>Names of dependents that could not be brought over.</summary>
    public IReadOnlyList<string>? FailedDependents { get; init; }
}

/// <summary>Payload of <c>self_update</c>.</summary>
public sealed record SelfUpdateRequest
{
    /// <summary>The version to become.</summary>
    public string? Version { get; init; }

    /// <summary>The image that holds it.</summary>
    public string? Image { get; init; }

    /// <summary>Where its program can be downloaded.</summary>
    public string? BinaryUrl { get; init; }

    /// <summary>Hexadecimal SHA-256 of the program.</summary>
    public string? Checksum { get; init; }

    /// <summary>Whether to take the same or an older version.</summary>
    public bool? Force { get; init; }
}

/// <summary>How a self-update gets on.</summary>
public sealed record SelfUpdateProgress
{
    /// <summary><c>pull</c> or <c>download</c>, <c>verify</c>, <c>prepare</c>, <c>create</c>, <c>start</c>, <c>health</c>, <c>complete</c>.</summary>
    public required string Stage { get; init; }

    /// <summary>One sentence for people.</summary>
    public required string Message { get; init; }

    /// <summary>Why it failed.</summary>
    public string? Error { get; init; }
}
