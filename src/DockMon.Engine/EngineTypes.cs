using System.Text.Json.Serialization;

namespace DockMon.Engine;

/// <summary>What the engine says of itself and its host (<c>/info</c>).</summary>
public sealed record EngineInfo
{
    /// <summary>Id of the engine.</summary>
    [JsonPropertyName("ID")]
    public string? Id { get; init; }

    /// <summary>Name of the host.</summary>
    public string? Name { get; init; }

    /// <summary><c>linux</c>.</summary>
    [JsonPropertyName("OSType")]
    public string? OsType { get; init; }

    /// <summary>Name and version of the operating system.</summary>
    public string? OperatingSystem { get; init; }

    /// <summary>Version of the kernel.</summary>
    public string? KernelVersion { get; init; }

    /// <summary>The processor, as <c>uname</c> says.</summary>
    public string? Architecture { get; init; }

    /// <summary>How many processors.</summary>
    [JsonPropertyName("NCPU")]
    public int Ncpu { get; init; }

    /// <summary>Memory, bytes.</summary>
    public long MemTotal { get; init; }

    /// <summary>Version of the engine.</summary>
    public string? ServerVersion { get; init; }

    /// <summary><c>1</c> or <c>2</c>.</summary>
    public string? CgroupVersion { get; init; }

    /// <summary><c>cgroupfs</c> or <c>systemd</c>.</summary>
    public string? CgroupDriver { get; init; }
}

/// <summary>The engine's versions (<c>/version</c>).</summary>
public sealed record EngineVersion
{
    /// <summary>Version of the engine.</summary>
    public string? Version { get; init; }

    /// <summary>Newest API version it speaks.</summary>
    public string? ApiVersion { get; init; }

    /// <summary>Oldest API version it speaks.</summary>
    public string? MinAPIVersion { get; init; }

    /// <summary>Operating system, in Go's words.</summary>
    public string? Os { get; init; }

    /// <summary>Processor, in Go's words.</summary>
    public string? Arch { get; init; }
}

/// <summary>Something that happened.</summary>
/// <param name="Type">To what kind of object: <c>container</c>, <c>image</c>.</param>
/// <param name="Action">What.</param>
/// <param name="ActorId">To which object.</param>
/// <param name="Attributes">Docker's attributes: labels, name, image, exit code.</param>
/// <param name="TimeNano">When, nanoseconds since 1970.</param>
public sealed record EngineEvent(string Type, string Action, string ActorId, Dictionary<string, string> Attributes, long TimeNano);

/// <summary>How a pull gets on.</summary>
/// <param name="Id">The layer, or the tag for messages about the whole; null for closing messages.</param>
/// <param name="Status">Docker's words.</param>
/// <param name="Current">Bytes done.</param>
/// <param name="Total">Bytes in all; 0 when unknown.</param>
public sealed record PullProgress(string? Id, string Status, long Current, long Total);

/// <summary>A command to run in a container.</summary>
public sealed record ExecOptions
{
    /// <summary>The command and its arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Whether it gets a terminal.</summary>
    public bool Tty { get; init; }

    /// <summary>Environment variables, <c>NAME=VALUE</c>.</summary>
    public IReadOnlyList<string>? Env { get; init; }

    /// <summary>Whether it gets input.</summary>
    public bool AttachStdin { get; init; }
}

/// <summary>The state of a command in a container.</summary>
public sealed record ExecInspection
{
    /// <summary>Whether it runs.</summary>
    public bool Running { get; init; }

    /// <summary>Its exit code, once it ended.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Its process on the host.</summary>
    public int Pid { get; init; }
}
