using System.Text.Json.Serialization;

namespace DockMon.Engine;

/// <summary>The engine's host, from <c>GET /info</c>.</summary>
public sealed class EngineInfo
{
    /// <summary>The engine's id, which outlives restarts. Podman makes a new one for every answer.</summary>
    [JsonPropertyName("ID")]
    public string Id { get; set => field = value ?? ""; } = "";

    /// <summary>The host's name.</summary>
    public string Name { get; set => field = value ?? ""; } = "";

    /// <summary>"linux" or "windows".</summary>
    [JsonPropertyName("OSType")]
    public string OsType { get; set => field = value ?? ""; } = "";

    /// <summary>The distribution, such as "Debian GNU/Linux 12 (bookworm)".</summary>
    public string OperatingSystem { get; set => field = value ?? ""; } = "";

    /// <summary>The kernel's version.</summary>
    public string KernelVersion { get; set => field = value ?? ""; } = "";

    /// <summary>How many processors the engine sees.</summary>
    [JsonPropertyName("NCPU")]
    public int Ncpu { get; set; }

    /// <summary>The host's memory in bytes.</summary>
    public long MemTotal { get; set; }

    /// <summary>The engine's version.</summary>
    public string ServerVersion { get; set => field = value ?? ""; } = "";

    /// <summary>"1" or "2"; empty before API 1.41.</summary>
    public string CgroupVersion { get; set => field = value ?? ""; } = "";

    /// <summary>"systemd", "cgroupfs" or "none".</summary>
    public string CgroupDriver { get; set => field = value ?? ""; } = "";

    /// <summary>Where the engine keeps everything it has.</summary>
    public string DockerRootDir { get; set => field = value ?? ""; } = "";

    /// <summary>The runtime of containers that name no other.</summary>
    public string DefaultRuntime { get; set => field = value ?? ""; } = "";

    /// <summary>What time it is there (RFC 3339).</summary>
    public string SystemTime { get; set => field = value ?? ""; } = "";
}

/// <summary>The engine's versions, from <c>GET /version</c>.</summary>
public sealed class EngineVersion
{
    /// <summary>The engine's version.</summary>
    public string Version { get; set => field = value ?? ""; } = "";

    /// <summary>The newest API version it speaks.</summary>
    public string ApiVersion { get; set => field = value ?? ""; } = "";

    /// <summary>The oldest API version it speaks; empty where it does not say.</summary>
    [JsonPropertyName("MinAPIVersion")]
    public string MinApiVersion { get; set => field = value ?? ""; } = "";

    /// <summary>Such as "amd64".</summary>
    public string Arch { get; set => field = value ?? ""; } = "";
}
