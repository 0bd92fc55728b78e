using System.Text.Json.Serialization;

namespace DockMon.Hub.Inventory;

/// <summary>A port of a container; the public port is 0 when it is not published.</summary>
internal sealed record PublishedPort(string Ip, int PrivatePort, int PublicPort, string Type);

/// <summary>The newest figures of a running container.</summary>
internal sealed record ContainerFigures(
    double CpuPercent, long MemoryUsage, long MemoryLimit, double MemoryPercent, long NetworkRx, long NetworkTx, long DiskRead, long DiskWrite,
    string? Timestamp);

/// <summary>A container, as the API returns it.</summary>
internal sealed record ContainerAnswer
{
    public required string HostId { get; init; }

    /// <summary>Name of the host.</summary>
    public required string Host { get; init; }

    /// <summary>Whether the host's agent is connected: if not, this is how the container was last known.</summary>
    public required bool HostConnected { get; init; }

    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string Image { get; init; }

    public required string ImageId { get; init; }

    public required string State { get; init; }

    public required string Status { get; init; }

    public required string Health { get; init; }

    public required string Created { get; init; }

    public required string StartedAt { get; init; }

    public required PublishedPort[] Ports { get; init; }

    /// <summary>Compose project.</summary>
    public required string Project { get; init; }

    /// <summary>Compose service.</summary>
    public required string Service { get; init; }

    /// <summary>The newest figures; null when the container does not run or none have come yet.</summary>
    public ContainerFigures? Figures { get; init; }
}

/// <summary>A page of containers.</summary>
/// <param name="Items">The containers.</param>
/// <param name="Next">Cursor of the next page; null on the last one.</param>
/// <param name="Total">Number of all that match; on the first page only.</param>
/// <param name="Counts">How many match by state, whatever states were asked for; on the first page only.</param>
/// <param name="LastEventId">What the stream of changes goes on from without a gap, as its <c>last_event_id</c>.</param>
internal sealed record ContainerPage(
    IReadOnlyList<ContainerAnswer> Items, string? Next, int? Total, IReadOnlyDictionary<string, int>? Counts, string LastEventId);

/// <summary>What changed on a host. Each container is in one of the lists; of a removed one there is only the id.</summary>
internal sealed record ContainersChanged(
    IReadOnlyList<ContainerAnswer> Added, IReadOnlyList<ContainerAnswer> Changed, IReadOnlyList<string> Removed);

/// <summary>Figures of a container in the stream of changes.</summary>
internal sealed record FiguresEntry(string HostId, string Id, ContainerFigures Figures);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PublishedPort[]))]
[JsonSerializable(typeof(ContainerCursor))]
[JsonSerializable(typeof(ContainerFigures))]
[JsonSerializable(typeof(ContainerPage))]
[JsonSerializable(typeof(ContainersChanged))]
[JsonSerializable(typeof(IReadOnlyList<FiguresEntry>))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class InventoryJson : JsonSerializerContext;
