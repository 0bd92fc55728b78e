using System.Text.Json.Serialization;

namespace DockMon.Protocol;

/// <summary>
/// The first frame of every connection, agent to server. A server rejects unknown fields and values over their length,
/// so this type carries exactly the fields it knows; <see cref="RegisterValidation"/> holds the limits.
/// The system fields are left out, not sent empty, when Docker cannot tell them.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RegisterRequest
{
    /// <summary>Always <c>register</c>.</summary>
    [JsonRequired]
    public string Type { get; init; } = FrameTypes.Register;

    /// <summary>The permanent token when there is one, else the registration token. Secret: never logged.</summary>
    public required string Token { get; init; }

    /// <summary><c>ID</c> of Docker's <c>/info</c>.</summary>
    public required string EngineId { get; init; }

    /// <summary>Name the server shows for the host.</summary>
    public required string Hostname { get; init; }

    /// <summary>Where <see cref="Hostname"/> came from: one of <see cref="HostnameSources"/>.</summary>
    public string? HostnameSource { get; init; }

    /// <summary>Whether two engines with one id may register as two hosts, told apart by their agents' names.</summary>
    public bool ForceUniqueRegistration { get; init; }

    /// <summary>The agent's version. Servers order versions by PEP 440.</summary>
    public required string Version { get; init; }

    /// <summary>Version of the protocol: <see cref="ProtocolLimits.ProtocolVersion"/>.</summary>
    public required string ProtoVersion { get; init; }

    /// <summary>What the agent can do: names of <see cref="DockMon.Protocol.Capabilities"/> to whether it can.</summary>
    public required IReadOnlyDictionary<string, bool> Capabilities { get; init; }

    /// <summary>Operating system the agent was built for, in Go's words: <c>linux</c>.</summary>
    public string? AgentOs { get; init; }

    /// <summary>Processor the agent was built for, in Go's words: <c>amd64</c>, <c>arm64</c>.</summary>
    public string? AgentArch { get; init; }

    /// <summary><c>OSType</c> of <c>/info</c>.</summary>
    public string? OsType { get; init; }

    /// <summary><c>OperatingSystem</c> of <c>/info</c>.</summary>
    public string? OsVersion { get; init; }

    /// <summary><c>KernelVersion</c> of <c>/info</c>.</summary>
    public string? KernelVersion { get; init; }

    /// <summary><c>Version</c> of <c>/version</c>.</summary>
    public string? DockerVersion { get; init; }

    /// <summary>Creation time of the <c>bridge</c> network, RFC 3339 with nanoseconds: when the daemon started.</summary>
    public string? DaemonStartedAt { get; init; }

    /// <summary><c>MemTotal</c> of <c>/info</c>, bytes.</summary>
    public long? TotalMemory { get; init; }

    /// <summary><c>NCPU</c> of <c>/info</c>.</summary>
    public int? NumCpus { get; init; }

    /// <summary>IPv4 addresses of the host, without loopback, link-local and container networks; 50 at most.</summary>
    public IReadOnlyList<string>? HostIps { get; init; }

    /// <summary>The first of <see cref="HostIps"/>.</summary>
    public string? HostIp { get; init; }

    /// <summary>What may be logged.</summary>
    public override string ToString() => $"{Type} of {Hostname}";
}

/// <summary>Values of <see cref="RegisterRequest.HostnameSource"/>.</summary>
public static class HostnameSources
{
    /// <summary>The name was configured (<c>AGENT_NAME</c>).</summary>
    public const string AgentName = "agent_name";

    /// <summary>The name is <c>Name</c> of Docker's <c>/info</c>.</summary>
    public const string Daemon = "daemon";

    /// <summary>The name is the operating system's host name.</summary>
    public const string Os = "os";

    /// <summary>The name is the first 12 characters of the engine id.</summary>
    public const string EngineId = "engine_id";
}

/// <summary>Names of capabilities in <see cref="RegisterRequest.Capabilities"/>, beside those of <see cref="ExtensionNames"/>.</summary>
public static class Capabilities
{
    /// <summary>Start, stop, restart, remove and the like.</summary>
    public const string ContainerOperations = "container_operations";

    /// <summary><c>update_container</c>.</summary>
    public const string ContainerUpdates = "container_updates";

    /// <summary><c>container_event</c> events.</summary>
    public const string EventStreaming = "event_streaming";

    /// <summary><c>container_stats</c> events.</summary>
    public const string StatsCollection = "stats_collection";

    /// <summary><c>self_update</c>; true only when the agent runs in a container it has identified.</summary>
    public const string SelfUpdate = "self_update";

    /// <summary><c>deploy_compose</c>.</summary>
    public const string ComposeDeployments = "compose_deployments";

    /// <summary><c>shell_session</c>.</summary>
    public const string ShellAccess = "shell_access";

    /// <summary>More than one env file in <c>deploy_compose</c>.</summary>
    public const string MultiEnvFiles = "multi_env_files";
}

/// <summary>The server's yes to a <see cref="RegisterRequest"/>.</summary>
public sealed record AuthSuccess
{
    /// <summary>Always <c>auth_success</c>.</summary>
    public string Type { get; init; } = FrameTypes.AuthSuccess;

    /// <summary>The server's id of this agent.</summary>
    public required string AgentId { get; init; }

    /// <summary>The server's id of this host.</summary>
    public required string HostId { get; init; }

    /// <summary>What to register with from now on. Secret: to be kept before anything else is done.</summary>
    public required string PermanentToken { get; init; }

    /// <summary>
    /// Asks for <see cref="HostStats.Extended"/> as long as this connection lives, as the name of that extension does. DockMon servers send no such field.
    /// </summary>
    public bool? ExtendedHostStats { get; init; }

    /// <summary>
    /// The extensions that the server uses on this connection: some of those that the agent announced (<see cref="ExtensionNames"/>). Left out when there are
    /// none; DockMon servers send no such field.
    /// </summary>
    public IReadOnlyList<string>? Extensions { get; init; }

    /// <summary>Whether the server uses an extension on this connection.</summary>
    /// <param name="extension">One of <see cref="ExtensionNames"/>.</param>
    public bool Uses(string extension) =>
        Extensions?.Contains(extension) == true || (extension == ExtensionNames.ExtendedHostStats && ExtendedHostStats == true);

    /// <summary>What may be logged.</summary>
    public override string ToString() => $"{Type} of host {HostId}";
}

/// <summary>The server's no to a <see cref="RegisterRequest"/>; a close with 1008 follows.</summary>
public sealed record AuthError
{
    /// <summary>Always <c>auth_error</c>.</summary>
    public string Type { get; init; } = FrameTypes.AuthError;

    /// <summary>Why: see <see cref="AuthRejections"/>.</summary>
    public required string Error { get; init; }
}

/// <summary>Known texts (or beginnings of texts) of <see cref="AuthError.Error"/>. None is cured by an immediate retry.</summary>
public static class AuthRejections
{
    /// <summary>Nobody made this token.</summary>
    public const string InvalidToken = "Invalid registration token";

    /// <summary>The token is older than 15 minutes.</summary>
    public const string ExpiredToken = "Registration token has expired";

    /// <summary>The token was used as often as it may be.</summary>
    public const string UsedUpToken = "Registration token has reached maximum uses";

    /// <summary>The permanent token belongs to another engine.</summary>
    public const string WrongEngine = "Permanent token does not match engine_id";

    /// <summary>The register frame broke a rule of the protocol; the rule follows.</summary>
    public const string InvalidData = "Invalid registration data: ";
}
