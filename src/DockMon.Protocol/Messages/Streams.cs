namespace DockMon.Protocol;

/// <summary>The host's own figures, as a frame of its own type.</summary>
public sealed record HostStatsFrame
{
    /// <summary>Always <c>stats</c>.</summary>
    public string Type { get; init; } = FrameTypes.Stats;

    /// <summary>The figures.</summary>
    public required HostStats Stats { get; init; }
}

/// <summary>The host's own figures.</summary>
public sealed record HostStats
{
    /// <summary>All cores together, 0 to 100.</summary>
    public double CpuPercent { get; init; }

    /// <summary>Used memory, percent.</summary>
    public double MemPercent { get; init; }

    /// <summary>Received and sent by physical interfaces, bytes a second.</summary>
    public double NetBytesPerSec { get; init; }

    /// <summary>
    /// More about the host. An extension of this project: now and then, and only to a server that
    /// uses <see cref="ExtensionNames.ExtendedHostStats"/>.
    /// </summary>
    public ExtendedHostStats? Extended { get; init; }
}

/// <summary>More about the host; what cannot be seen is null or empty.</summary>
public sealed record ExtendedHostStats
{
    /// <summary>The load averages of one, five and fifteen minutes.</summary>
    public IReadOnlyList<double>? LoadAverage { get; init; }

    /// <summary>Swap space, bytes.</summary>
    public long SwapTotalBytes { get; init; }

    /// <summary>Of it, used.</summary>
    public long SwapUsedBytes { get; init; }

    /// <summary>What the disks do.</summary>
    public required IReadOnlyList<DiskStats> Disks { get; init; }

    /// <summary>How full file systems are; null in a container, which does not see them.</summary>
    public IReadOnlyList<FileSystemStats>? FileSystems { get; init; }

    /// <summary>What the sensors show.</summary>
    public required IReadOnlyList<TemperatureStats> Temperatures { get; init; }
}

/// <summary>What a disk does.</summary>
public sealed record DiskStats
{
    /// <summary>The kernel's name of it, <c>sda</c>.</summary>
    public required string Name { get; init; }

    /// <summary>How large it is.</summary>
    public long SizeBytes { get; init; }

    /// <summary>Read, bytes a second.</summary>
    public double ReadBytesPerSec { get; init; }

    /// <summary>Written, bytes a second.</summary>
    public double WriteBytesPerSec { get; init; }
}

/// <summary>How full a file system is.</summary>
public sealed record FileSystemStats
{
    /// <summary>Where it lies, <c>/dev/sda1</c>.</summary>
    public required string Device { get; init; }

    /// <summary>Where it is mounted; of several places the first.</summary>
    public required string MountPoint { get; init; }

    /// <summary>How large it is.</summary>
    public long TotalBytes { get; init; }

    /// <summary>Of it, not free.</summary>
    public long UsedBytes { get; init; }
}

/// <summary>What a sensor shows.</summary>
public sealed record TemperatureStats
{
    /// <summary>Its chip and label, <c>coretemp Core 0</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Degrees Celsius.</summary>
    public double Celsius { get; init; }
}

/// <summary>A health check the server wants. Any field may be null.</summary>
public sealed record HealthCheckConfig
{
    /// <summary>The container it speaks for.</summary>
    public string? ContainerId { get; init; }

    /// <summary>The server's id of the host.</summary>
    public string? HostId { get; init; }

    /// <summary>Whether it runs.</summary>
    public bool? Enabled { get; init; }

    /// <summary>What to ask.</summary>
    public string? Url { get; init; }

    /// <summary>The HTTP method.</summary>
    public string? Method { get; init; }

    /// <summary>Codes and ranges, such as <c>200,204,300-399</c>.</summary>
    public string? ExpectedStatusCodes { get; init; }

    /// <summary>How long an answer may take, seconds.</summary>
    public double? TimeoutSeconds { get; init; }

    /// <summary>Time between two checks, seconds.</summary>
    public double? CheckIntervalSeconds { get; init; }

    /// <summary>Whether redirects are followed; never to another host.</summary>
    public bool? FollowRedirects { get; init; }

    /// <summary>Whether a certificate must be valid.</summary>
    public bool? VerifySsl { get; init; }

    /// <summary>A JSON object of header names to values, as text.</summary>
    public string? HeadersJson { get; init; }

    /// <summary>A JSON object of type <c>basic</c> or <c>bearer</c>, as text. Secret: never logged.</summary>
    public string? AuthConfigJson { get; init; }
}

/// <summary>Every health check there is to be.</summary>
public sealed record HealthCheckConfigsSync
{
    /// <summary>They replace all earlier ones.</summary>
    public IReadOnlyList<HealthCheckConfig>? Configs { get; init; }
}

/// <summary>What a health check found.</summary>
public sealed record HealthCheckResult
{
    /// <summary>The container it speaks for.</summary>
    public required string ContainerId { get; init; }

    /// <summary>The server's id of the host.</summary>
    public string? HostId { get; init; }

    /// <summary>Whether the answer was as expected.</summary>
    public bool Healthy { get; init; }

    /// <summary>The HTTP status; absent when there was no answer.</summary>
    public int? StatusCode { get; init; }

    /// <summary>Time to the answer, milliseconds.</summary>
    public long ResponseTimeMs { get; init; }

    /// <summary>What went wrong.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>When, RFC 3339.</summary>
    public required string Timestamp { get; init; }
}

/// <summary>What a server says to a shell.</summary>
public sealed record ShellSession
{
    /// <summary><c>start</c>, <c>data</c>, <c>resize</c> or <c>close</c>.</summary>
    public string? Action { get; init; }

    /// <summary>The container, with <c>start</c>.</summary>
    public string? ContainerId { get; init; }

    /// <summary>The server's id of the session.</summary>
    public string? SessionId { get; init; }

    /// <summary>Input, base64, with <c>data</c>.</summary>
    public string? Data { get; init; }

    /// <summary>Width in characters, with <c>resize</c>.</summary>
    public int? Cols { get; init; }

    /// <summary>Height in lines, with <c>resize</c>.</summary>
    public int? Rows { get; init; }
}

/// <summary>What a shell says to a server.</summary>
public sealed record ShellData
{
    /// <summary>The server's id of the session.</summary>
    public required string SessionId { get; init; }

    /// <summary><c>started</c>, <c>data</c>, <c>closed</c> or <c>error</c>.</summary>
    public required string Action { get; init; }

    /// <summary>Output, base64.</summary>
    public string? Data { get; init; }

    /// <summary>What went wrong, or why it closed.</summary>
    public string? Error { get; init; }
}
