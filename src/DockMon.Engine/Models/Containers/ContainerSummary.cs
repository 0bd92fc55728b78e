using System.Text.Json.Serialization;

namespace DockMon.Engine;

/// <summary>A container, from the list of <c>GET /containers/json</c>.</summary>
public sealed class ContainerSummary
{
    /// <summary>The full id.</summary>
    public string Id { get; set => field = value ?? ""; } = "";

    /// <summary>Its names with their slashes: its own one, and one such as "/web/db" for each container that is linked to it, in any order.</summary>
    public IReadOnlyList<string> Names { get; set => field = JsonNulls.Remove(value); } = [];

    /// <summary>Its own name, without the slash; empty where the engine tells none.</summary>
    [JsonIgnore]
    public string Name => OwnName(Names);

    /// <summary>Its image as the container names it.</summary>
    public string Image { get; set => field = value ?? ""; } = "";

    /// <summary>The id of its image.</summary>
    [JsonPropertyName("ImageID")]
    public string ImageId { get; set => field = value ?? ""; } = "";

    /// <summary>What it is doing, such as "running" or "restarting".</summary>
    public string State { get; set => field = value ?? ""; } = "";

    /// <summary>What it is doing, in words for people: "Up 2 minutes (unhealthy)".</summary>
    public string Status { get; set => field = value ?? ""; } = "";

    /// <summary>Its ports, published or not.</summary>
    public IReadOnlyList<ContainerPort> Ports { get; set => field = JsonNulls.Remove(value); } = [];

    /// <summary>How it is tied to the host; of that the list tells the network mode alone.</summary>
    public ContainerHostConfig HostConfig { get; set => field = value ?? new(); } = new();

    /// <summary>Its networks.</summary>
    public ContainerNetworkSettings NetworkSettings { get; set => field = value ?? new(); } = new();

    /// <summary>What is mounted into it.</summary>
    public IReadOnlyList<ContainerMount> Mounts { get; set => field = JsonNulls.Remove(value); } = [];

    /// <summary>The own one of a container's names, without the slash; empty for none.</summary>
    internal static string OwnName(IReadOnlyList<string> names) =>
        (names.FirstOrDefault(name => name.LastIndexOf('/') <= 0) ?? (names.Count > 0 ? names[0] : "")).TrimStart('/');
}

/// <summary>A port of a container.</summary>
public sealed class ContainerPort
{
    /// <summary>The host's port; null when it is not published.</summary>
    public int? PublicPort { get; set; }

    /// <summary>tcp, udp or sctp.</summary>
    public string Type { get; set => field = value ?? ""; } = "";
}

/// <summary>The networks of a container.</summary>
public sealed class ContainerNetworkSettings
{
    /// <summary>Its endpoints by the network's name.</summary>
    public Dictionary<string, ContainerEndpoint?> Networks { get; set => field = value ?? []; } = [];
}

/// <summary>A container's endpoint in a network.</summary>
public sealed class ContainerEndpoint
{
    /// <summary>The network's id; empty for a container that never ran.</summary>
    [JsonPropertyName("NetworkID")]
    public string NetworkId { get; set => field = value ?? ""; } = "";
}
