using System.Text.Json.Serialization;

namespace DockMon.Engine;

/// <summary>A volume, from <c>GET /volumes</c>.</summary>
public sealed class EngineVolume
{
    /// <summary>Its name.</summary>
    public string Name { get; set => field = value ?? ""; } = "";

    /// <summary>Such as "local".</summary>
    [JsonConverter(typeof(OptionalText))]
    public string Driver { get; set => field = value ?? ""; } = "";

    /// <summary>Its directory on the host.</summary>
    [JsonConverter(typeof(OptionalText))]
    public string Mountpoint { get; set => field = value ?? ""; } = "";

    /// <summary>When it was created, as the engine writes it (RFC 3339); empty where it does not say.</summary>
    [JsonConverter(typeof(OptionalText))]
    public string CreatedAt { get; set => field = value ?? ""; } = "";
}

/// <summary>A volume, from <c>GET /volumes/{name}</c>.</summary>
public sealed class VolumeInspection
{
    /// <summary>Its name.</summary>
    public string Name { get; set => field = value ?? ""; } = "";

    /// <summary>Such as "local".</summary>
    public string Driver { get; set => field = value ?? ""; } = "";

    /// <summary>Its directory on the host.</summary>
    public string Mountpoint { get; set => field = value ?? ""; } = "";

    /// <summary>What its driver was given when it was created.</summary>
    public Dictionary<string, string> Options { get; set => field = value ?? []; } = [];

    /// <summary>Labels.</summary>
    public Dictionary<string, string> Labels { get; set => field = value ?? []; } = [];
}

internal sealed class VolumeList
{
    public IReadOnlyList<EngineVolume> Volumes { get; set => field = JsonNulls.Remove(value); } = [];
}

internal sealed class VolumeInspectionList
{
    public IReadOnlyList<VolumeInspection> Volumes { get; set => field = JsonNulls.Remove(value); } = [];
}

internal sealed record VolumeCreateBody(string Name);
