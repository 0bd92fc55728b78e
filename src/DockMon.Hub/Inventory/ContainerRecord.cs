namespace DockMon.Hub.Inventory;

/// <summary>A container as the hub keeps it.</summary>
internal sealed record ContainerRecord
{
    public required string HostId { get; init; }

    /// <summary>Docker's id.</summary>
    public required string Id { get; init; }

    /// <summary>The name, without a slash.</summary>
    public required string Name { get; init; }

    /// <summary>The image as the container names it.</summary>
    public required string Image { get; init; }

    public required string ImageId { get; init; }

    /// <summary>Docker's state, such as <c>running</c>.</summary>
    public required string State { get; init; }

    /// <summary>Docker's status without how long ago: <c>Up</c>, <c>Exited (1)</c>. What grows older by itself is no change.</summary>
    public required string Status { get; init; }

    /// <summary><c>healthy</c>, <c>unhealthy</c>, <c>starting</c>; empty without a health check.</summary>
    public required string Health { get; init; }

    /// <summary>Unix seconds.</summary>
    public required long Created { get; init; }

    /// <summary>Time of the last start in RFC 3339; empty when unknown.</summary>
    public required string StartedAt { get; init; }

    /// <summary>Ports as Docker lists them, JSON.</summary>
    public required string Ports { get; init; }

    /// <summary>Its compose project; empty when there is none.</summary>
    public required string Project { get; init; }

    /// <summary>Its compose service; empty when there is none.</summary>
    public required string Service { get; init; }

    /// <summary>Docker's list object with labels and variables, without state and status. Secret: stored encrypted.</summary>
    public required string Detail { get; init; }

    /// <summary>The status with the health in it, as Docker writes it.</summary>
    public string DockerStatus => Health.Length == 0 ? Status : $"{Status} ({(Health == "starting" ? "health: starting" : Health)})";

    /// <summary>Whether Docker names its image by id, because the name means another image by now.</summary>
    public bool HasImageById => Image.StartsWith("sha256:", StringComparison.Ordinal) || (Image.Length > 0 && Image == ImageId);

    /// <summary>What a search looks in.</summary>
    public string SearchText => $"{Name}\n{Image}\n{Project}\n{Service}\n{Id}".ToLowerInvariant();

    /// <summary>Whether both look the same to who sees a list of containers.</summary>
    public bool LooksLike(ContainerRecord other) => this with { Detail = "" } == other with { Detail = "" };
}
