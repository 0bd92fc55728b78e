using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace DockMon.Engine;

/// <summary>A network, from <c>GET /networks</c> or <c>GET /networks/{id}</c>.</summary>
public sealed class EngineNetwork
{
    /// <summary>The full id.</summary>
    public string Id { get; set => field = value ?? ""; } = "";

    /// <summary>Its name.</summary>
    public string Name { get; set => field = value ?? ""; } = "";

    /// <summary>Such as "bridge".</summary>
    [JsonConverter(typeof(OptionalText))]
    public string Driver { get; set => field = value ?? ""; } = "";

    /// <summary>"local", "swarm" or "global".</summary>
    [JsonConverter(typeof(OptionalText))]
    public string Scope { get; set => field = value ?? ""; } = "";

    /// <summary>When it was created, as the engine writes it (RFC 3339).</summary>
    [JsonConverter(typeof(OptionalText))]
    public string Created { get; set => field = value ?? ""; } = "";

    /// <summary>It leads to no other network.</summary>
    [JsonConverter(typeof(OptionalFlag))]
    public bool Internal { get; set; }

    /// <summary>Its addresses.</summary>
    [JsonPropertyName("IPAM")]
    public NetworkIpam Ipam { get; set => field = value ?? new(); } = new();
}

/// <summary>The addresses of a network.</summary>
public sealed class NetworkIpam
{
    /// <summary>One for each subnet.</summary>
    public IReadOnlyList<NetworkIpamConfig> Config { get; set => field = JsonNulls.Remove(value); } = [];
}

/// <summary>A subnet of a network.</summary>
public sealed class NetworkIpamConfig
{
    /// <summary>Such as "172.18.0.0/16".</summary>
    public string? Subnet { get; set; }

    /// <summary>Such as "172.18.0.1".</summary>
    public string? Gateway { get; set; }
}

internal sealed record NetworkCreateBody(
    string Name,
    bool CheckDuplicate,
    string Driver,
    bool Internal,
    [property: JsonPropertyName("IPAM")] NetworkIpam? Ipam);

internal sealed record NetworkConnectBody(string Container, JsonObject EndpointConfig);

internal sealed record NetworkDisconnectBody(string Container, bool Force);
