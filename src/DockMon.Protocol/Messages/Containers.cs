using System.Text.Json;
using System.Text.Json.Serialization;

namespace DockMon.Protocol;

/// <summary>Values of <c>payload.action</c> in a frame of type <see cref="FrameTypes.ContainerOperation"/>.</summary>
public static class OperationActions
{
    /// <summary>Starts a container.</summary>
    public const string Start = "start";

    /// <summary>Stops a container; <see cref="ContainerOperation.Timeout"/> seconds, then it is killed.</summary>
    public const string Stop = "stop";

    /// <summary>Restarts a container.</summary>
    public const string Restart = "restart";

    /// <summary>Kills a container (SIGKILL).</summary>
    public const string Kill = "kill";

    /// <summary>Renames a container to <see cref="ContainerOperation.NewName"/>.</summary>
    public const string Rename = "rename";

    /// <summary>Removes a container.</summary>
    public const string Remove = "remove";

    /// <summary>Pauses a container.</summary>
    public const string Pause = "pause";

    /// <summary>Continues a paused container.</summary>
    public const string Unpause = "unpause";

    /// <summary>The last lines of a container's log.</summary>
    public const string GetLogs = "get_logs";

    /// <summary>Docker's inspect object.</summary>
    public const string Inspect = "inspect";

    /// <summary>Docker's <c>State.Status</c>.</summary>
    public const string GetStatus = "get_status";

    /// <summary>Creates a container from <see cref="ContainerOperation.Config"/>.</summary>
    public const string Create = "create";

    /// <summary>Pulls an image.</summary>
    public const string PullImage = "pull_image";

    /// <summary>Waits until a container is healthy, or the time is over.</summary>
    public const string VerifyRunning = "verify_running";

    /// <summary>Checks that host ports are free.</summary>
    public const string ValidatePorts = "validate_ports";

    /// <summary>The networks, as the command of that name lists them.</summary>
    public const string ListNetworks = "list_networks";

    /// <summary>Creates a network.</summary>
    public const string CreateNetwork = "create_network";

    /// <summary>The volumes, as the command of that name lists them.</summary>
    public const string ListVolumes = "list_volumes";

    /// <summary>Creates a volume.</summary>
    public const string CreateVolume = "create_volume";
}

/// <summary>The payload of a container operation: the union of what the actions take. Absent and null are the same.</summary>
public sealed record ContainerOperation
{
    /// <summary>One of <see cref="OperationActions"/>.</summary>
    public string? Action { get; init; }

    /// <summary>The container: 12 or 64 characters of its id, or its name.</summary>
    public string? ContainerId { get; init; }

    /// <summary>The full id of the container that is meant, once the agent has found it. Not on the wire.</summary>
    [JsonIgnore]
    public string? JudgedId { get; init; }

    /// <summary>Seconds to wait before a container that does not stop is killed.</summary>
    public int? Timeout { get; init; }

    /// <summary>The name to rename to.</summary>
    public string? NewName { get; init; }

    /// <summary>Whether to remove a running container.</summary>
    public bool? Force { get; init; }

    /// <summary>How many lines of the log, counted from its end.</summary>
    public int? Tail { get; init; }

    /// <summary>Since when to read the log: RFC 3339 text, or Unix seconds as text or number.</summary>
    public JsonElement? Since { get; init; }

    /// <summary>What to create: the options of the Docker SDK for Python.</summary>
    public JsonElement? Config { get; init; }

    /// <summary>The image to pull.</summary>
    public string? Image { get; init; }

    /// <summary>The deployment whose progress a pull reports.</summary>
    public string? DeploymentId { get; init; }

    /// <summary>How long to wait for a healthy container, seconds.</summary>
    public int? MaxWaitSeconds { get; init; }

    /// <summary>Container port to host port.</summary>
    public JsonElement? Ports { get; init; }

    /// <summary>Name of the network or volume to create.</summary>
    public string? Name { get; init; }

    /// <summary>Driver of the network to create.</summary>
    public string? Driver { get; init; }
}

/// <summary>What a successful operation answers: the union of what the actions add. Only what is set is sent.</summary>
public sealed record OperationResult
{
    /// <summary>The container, as the server named it; for <c>create</c> the new id.</summary>
    public string? ContainerId { get; init; }

    /// <summary>What was done, or Docker's <c>State.Status</c>.</summary>
    public string? Status { get; init; }

    /// <summary>Whether the container was removed.</summary>
    public bool? Removed { get; init; }

    /// <summary>Lines of <c>RFC3339Nano text\n</c>.</summary>
    public string? Logs { get; init; }

    /// <summary>Docker's inspect object as Docker said it.</summary>
    public JsonElement? Container { get; init; }

    /// <summary>The image that was pulled.</summary>
    public string? Image { get; init; }

    /// <summary>Whether the container became healthy in time.</summary>
    public bool? IsHealthy { get; init; }

    /// <summary>The networks.</summary>
    public IReadOnlyList<NetworkSummary>? Networks { get; init; }

    /// <summary>The volumes.</summary>
    public IReadOnlyList<VolumeSummary>? Volumes { get; init; }

    /// <summary>The network that was created.</summary>
    public string? NetworkId { get; init; }

    /// <summary>The volume that was created.</summary>
    public string? VolumeName { get; init; }
}

/// <summary>A payload that is only a container.</summary>
public sealed record ContainerReference
{
    /// <summary>The container, as the server names it.</summary>
    public string? ContainerId { get; init; }
}

/// <summary>What Docker said happened to a container.</summary>
public sealed record ContainerEvent
{
    /// <summary>Docker's id, 64 characters.</summary>
    public required string ContainerId { get; init; }

    /// <summary>The name, without a slash.</summary>
    public required string ContainerName { get; init; }

    /// <summary>The image as the container names it.</summary>
    public required string Image { get; init; }

    /// <summary>Docker's action, such as <c>die</c> or <c>health_status: healthy</c>.</summary>
    public required string Action { get; init; }

    /// <summary>When, by Docker's clock, RFC 3339 with nanoseconds.</summary>
    public required string Timestamp { get; init; }

    /// <summary>Docker's attributes: labels, <c>exitCode</c> on <c>die</c>, <c>signal</c> on <c>kill</c>.</summary>
    public required IReadOnlyDictionary<string, string> Attributes { get; init; }
}

/// <summary>One sample of a running container. The same object, bare, goes to the stats socket.</summary>
public sealed record ContainerStats
{
    /// <summary>Docker's id, 64 characters.</summary>
    public required string ContainerId { get; init; }

    /// <summary>The name.</summary>
    public required string ContainerName { get; init; }

    /// <summary>CPU as <c>docker stats</c> computes it, one decimal; 100 is one core.</summary>
    public double CpuPercent { get; init; }

    /// <summary>The working set, bytes.</summary>
    public long MemoryUsage { get; init; }

    /// <summary>The limit, bytes; the host's memory where there is none.</summary>
    public long MemoryLimit { get; init; }

    /// <summary>Usage of the limit, percent.</summary>
    public double MemoryPercent { get; init; }

    /// <summary>Bytes received since the start, all interfaces.</summary>
    public long NetworkRx { get; init; }

    /// <summary>Bytes sent since the start, all interfaces.</summary>
    public long NetworkTx { get; init; }

    /// <summary>Bytes read from block devices since the start.</summary>
    public long DiskRead { get; init; }

    /// <summary>Bytes written to block devices since the start.</summary>
    public long DiskWrite { get; init; }

    /// <summary>When the sample was taken, RFC 3339.</summary>
    public required string Timestamp { get; init; }
}
