using System.Text.Json.Serialization;

namespace DockMon.Engine;

/// <summary>What this code reads of Docker's inspect object of a container.</summary>
public sealed record ContainerInspection
{
    private readonly string _name = "";

    /// <summary>64 characters of the id.</summary>
    public string Id { get; init; } = "";

    /// <summary>The name, without a slash.</summary>
    public string Name
    {
        get => _name;
        init => _name = value.TrimStart('/');
    }

    /// <summary>Id of its image.</summary>
    public string Image { get; init; } = "";

    /// <summary>When it was made.</summary>
    public string? Created { get; init; }

    /// <summary>How often its restart policy started it again.</summary>
    public int RestartCount { get; init; }

    /// <summary>How it is.</summary>
    public ContainerState State { get; init; } = new();

    /// <summary>What it runs.</summary>
    public ContainerConfig Config { get; init; } = new();

    /// <summary>How the host runs it.</summary>
    public ContainerHostConfig HostConfig { get; init; } = new();

    /// <summary>What is mounted into it.</summary>
    public IReadOnlyList<ContainerMount>? Mounts { get; init; }
}

/// <summary>How a container is.</summary>
public sealed record ContainerState
{
    /// <summary><c>created running paused restarting removing exited dead</c>.</summary>
    public string Status { get; init; } = "";

    /// <summary>Whether its main process runs; true also when paused.</summary>
    public bool Running { get; init; }

    /// <summary>Whether it is paused.</summary>
    public bool Paused { get; init; }

    /// <summary>Whether its restart policy is about to start it again.</summary>
    public bool Restarting { get; init; }

    /// <summary>How its main process ended last.</summary>
    public int ExitCode { get; init; }

    /// <summary>Its main process on the host; 0 when it does not run.</summary>
    public int Pid { get; init; }

    /// <summary>When it started last; year 1 when never.</summary>
    public string? StartedAt { get; init; }

    /// <summary>When it ended last; year 1 when never.</summary>
    public string? FinishedAt { get; init; }

    /// <summary>What its health check says, when it has one.</summary>
    public ContainerHealth? Health { get; init; }
}

/// <summary>What a container's health check says.</summary>
public sealed record ContainerHealth
{
    /// <summary><c>starting healthy unhealthy</c>.</summary>
    public string? Status { get; init; }
}

/// <summary>What a container runs.</summary>
public sealed record ContainerConfig
{
    /// <summary>Its image, as it was named.</summary>
    public string? Image { get; init; }

    /// <summary>Its environment, <c>NAME=VALUE</c>.</summary>
    public IReadOnlyList<string>? Env { get; init; }

    /// <summary>Its labels.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Whether it has a terminal.</summary>
    public bool Tty { get; init; }

    /// <summary>Its host name.</summary>
    public string? Hostname { get; init; }
}

/// <summary>How the host runs a container.</summary>
public sealed record ContainerHostConfig
{
    /// <summary><c>default bridge host none container:ID</c> or a network's name.</summary>
    public string? NetworkMode { get; init; }

    /// <summary>Whether it is removed when it ends.</summary>
    public bool AutoRemove { get; init; }

    /// <summary>When it is started again.</summary>
    public ContainerRestartPolicy? RestartPolicy { get; init; }
}

/// <summary>When a container is started again.</summary>
public sealed record ContainerRestartPolicy
{
    /// <summary><c>no always unless-stopped on-failure</c>.</summary>
    public string? Name { get; init; }

    /// <summary>How often, with <c>on-failure</c>.</summary>
    public int MaximumRetryCount { get; init; }
}

/// <summary>Something mounted into a container.</summary>
public sealed record ContainerMount
{
    /// <summary><c>bind volume tmpfs</c>.</summary>
    public string? Type { get; init; }

    /// <summary>Name of the volume.</summary>
    public string? Name { get; init; }

    /// <summary>Where it is on the host.</summary>
    public string? Source { get; init; }

    /// <summary>Where it is in the container.</summary>
    public string? Destination { get; init; }

    /// <summary>Whether it can be written.</summary>
    [JsonPropertyName("RW")]
    public bool Writable { get; init; }
}
