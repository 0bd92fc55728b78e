using System.Text.Json.Serialization;

namespace DockMon.Engine;

/// <summary>A container, from <c>GET /containers/{id}/json</c>.</summary>
public sealed class ContainerInspection
{
    /// <summary>The full id.</summary>
    public string Id { get; set => field = value ?? ""; } = "";

    /// <summary>The name, without the slash the engine puts in front.</summary>
    public string Name { get; set => field = value?.TrimStart('/') ?? ""; } = "";

    /// <summary>The id of its image.</summary>
    public string Image { get; set => field = value ?? ""; } = "";

    /// <summary>How often its restart policy has started it again.</summary>
    public int RestartCount { get; set; }

    /// <summary>What it is doing.</summary>
    public ContainerState State { get; set => field = value ?? new(); } = new();

    /// <summary>What it was created with.</summary>
    public ContainerConfig Config { get; set => field = value ?? new(); } = new();

    /// <summary>How it is tied to the host.</summary>
    public ContainerHostConfig HostConfig { get; set => field = value ?? new(); } = new();

    /// <summary>What is mounted into it.</summary>
    public IReadOnlyList<ContainerMount> Mounts { get; set => field = JsonNulls.Remove(value); } = [];

    /// <summary>Where its files are kept.</summary>
    public ContainerGraphDriver GraphDriver { get; set => field = value ?? new(); } = new();
}

/// <summary>The storage of a container's files.</summary>
public sealed class ContainerGraphDriver
{
    /// <summary>
    /// The driver's own words, such as overlay's <c>UpperDir</c>: the directory that the container writes to. Empty for drivers that tell nothing.
    /// </summary>
    public IReadOnlyDictionary<string, string?> Data { get; set => field = value ?? new Dictionary<string, string?>(); } = new Dictionary<string, string?>();
}

/// <summary>What a container is doing.</summary>
public sealed class ContainerState
{
    /// <summary>created, running, paused, restarting, removing, exited or dead.</summary>
    public string Status { get; set => field = value ?? ""; } = "";

    /// <summary>It runs; also true while it is paused or restarting.</summary>
    public bool Running { get; set; }

    /// <summary>Its processes are frozen.</summary>
    public bool Paused { get; set; }

    /// <summary>Its restart policy is about to start it.</summary>
    public bool Restarting { get; set; }

    /// <summary>The exit code of its last run.</summary>
    public long ExitCode { get; set; }

    /// <summary>Its first process on the host; 0 when it does not run.</summary>
    public int Pid { get; set; }

    /// <summary>When it last started (RFC 3339; the year 1 when never).</summary>
    public string StartedAt { get; set => field = value ?? ""; } = "";

    /// <summary>When it last ended (RFC 3339; the year 1 when never).</summary>
    public string FinishedAt { get; set => field = value ?? ""; } = "";

    /// <summary>Its health check; null when it has none.</summary>
    public ContainerHealth? Health { get; set; }
}

/// <summary>The state of a health check.</summary>
public sealed class ContainerHealth
{
    /// <summary>starting, healthy, unhealthy or none.</summary>
    public string Status { get; set => field = value ?? ""; } = "";
}

/// <summary>What a container was created with.</summary>
public sealed class ContainerConfig
{
    /// <summary>The image as it was named.</summary>
    public string Image { get; set => field = value ?? ""; } = "";

    /// <summary>NAME=value.</summary>
    public IReadOnlyList<string> Env { get; set => field = JsonNulls.Remove(value); } = [];

    /// <summary>Labels.</summary>
    public Dictionary<string, string> Labels { get; set => field = JsonNulls.Remove(value); } = [];

    /// <summary>It has a terminal, so that its output is one stream.</summary>
    public bool Tty { get; set; }

    /// <summary>How many seconds it is given to stop; null means the engine's 10.</summary>
    public int? StopTimeout { get; set; }
}

/// <summary>How a container is tied to the host.</summary>
public sealed class ContainerHostConfig
{
    /// <summary>bridge, host, none, container:id or a network's name.</summary>
    public string NetworkMode { get; set => field = value ?? ""; } = "";

    /// <summary>When it is started again.</summary>
    public ContainerRestartPolicy RestartPolicy { get; set => field = value ?? new(); } = new();
}

/// <summary>When a container is started again.</summary>
public sealed class ContainerRestartPolicy
{
    /// <summary>no, always, unless-stopped, on-failure, or empty for no.</summary>
    public string Name { get; set => field = value ?? ""; } = "";

    /// <summary>How often on-failure tries; 0 means without end.</summary>
    public int MaximumRetryCount { get; set; }
}

/// <summary>Something mounted into a container.</summary>
public sealed class ContainerMount
{
    /// <summary>bind, volume or tmpfs.</summary>
    public string Type { get; set => field = value ?? ""; } = "";

    /// <summary>The volume's name; empty for others.</summary>
    public string Name { get; set => field = value ?? ""; } = "";

    /// <summary>The path on the host.</summary>
    public string Source { get; set => field = value ?? ""; } = "";

    /// <summary>The path inside.</summary>
    public string Destination { get; set => field = value ?? ""; } = "";

    /// <summary>Whether the container may write there.</summary>
    [JsonPropertyName("RW")]
    public bool IsWritable { get; set; }
}
