using System.Text.Json;

namespace DockMon.Protocol;

/// <summary>Values of a frame's <c>type</c>.</summary>
public static class FrameTypes
{
    /// <summary>Agent to server: <see cref="RegisterRequest"/>.</summary>
    public const string Register = "register";

    /// <summary>Server to agent: <see cref="Protocol.AuthSuccess"/>.</summary>
    public const string AuthSuccess = "auth_success";

    /// <summary>Server to agent: <see cref="Protocol.AuthError"/>.</summary>
    public const string AuthError = "auth_error";

    /// <summary>Server to agent: one of <see cref="CommandNames"/>; answered by a <see cref="Response"/>.</summary>
    public const string Command = "command";

    /// <summary>Server to agent: one of <see cref="OperationActions"/>; answered by an object with <c>success</c> and no type.</summary>
    public const string ContainerOperation = "container_operation";

    /// <summary>Agent to server: the answer to a <see cref="Command"/>.</summary>
    public const string Response = "response";

    /// <summary>Agent to server: one of <see cref="EventNames"/>.</summary>
    public const string Event = "event";

    /// <summary>Agent to server: <see cref="HostStatsFrame"/>.</summary>
    public const string Stats = "stats";

    /// <summary>Server to agent: <see cref="ShellSession"/>.</summary>
    public const string ShellSession = "shell_session";

    /// <summary>Server to agent: one <see cref="Protocol.HealthCheckConfig"/>, added or changed.</summary>
    public const string HealthCheckConfig = "health_check_config";

    /// <summary>Server to agent: <see cref="HealthCheckConfigsSync"/>, which replaces all.</summary>
    public const string HealthCheckConfigsSync = "health_check_configs_sync";

    /// <summary>Server to agent: <see cref="ContainerReference"/> of the check to drop.</summary>
    public const string HealthCheckConfigRemove = "health_check_config_remove";

    /// <summary>Server to agent, with <see cref="ExtensionNames.LogStream"/>: <see cref="LogStreamRequest"/>.</summary>
    public const string LogStream = ExtensionNames.LogStream;
}

/// <summary>Values of <c>command</c> in a frame of type <see cref="FrameTypes.Event"/>.</summary>
public static class EventNames
{
    /// <summary><see cref="Protocol.ContainerEvent"/>.</summary>
    public const string ContainerEvent = "container_event";

    /// <summary><see cref="Protocol.ContainerStats"/>.</summary>
    public const string ContainerStats = "container_stats";

    /// <summary><see cref="Protocol.HealthCheckResult"/>.</summary>
    public const string HealthCheckResult = "health_check_result";

    /// <summary><see cref="Protocol.ShellData"/>.</summary>
    public const string ShellData = "shell_data";

    /// <summary><see cref="Protocol.UpdateProgress"/>.</summary>
    public const string UpdateProgress = "update_progress";

    /// <summary><see cref="Protocol.UpdateLayerProgress"/>.</summary>
    public const string UpdateLayerProgress = "update_layer_progress";

    /// <summary><see cref="Protocol.UpdateComplete"/>.</summary>
    public const string UpdateComplete = "update_complete";

    /// <summary><see cref="Protocol.SelfUpdateProgress"/>.</summary>
    public const string SelfUpdateProgress = "selfupdate_progress";

    /// <summary><see cref="Protocol.DeployProgress"/>.</summary>
    public const string DeployProgress = "deploy_progress";

    /// <summary><see cref="Protocol.DeployComplete"/>.</summary>
    public const string DeployComplete = "deploy_complete";

    /// <summary><see cref="Protocol.LogData"/>.</summary>
    public const string LogData = "log_data";

    /// <summary><see cref="Protocol.LogEnd"/>.</summary>
    public const string LogEnd = "log_end";

    /// <summary><see cref="PolicyStatement"/>.</summary>
    public const string Policy = ExtensionNames.Policy;

    /// <summary><see cref="Protocol.StatsBackfill"/>.</summary>
    public const string StatsBackfill = ExtensionNames.StatsBackfill;
}

/// <summary>
/// A frame as either side reads it before it knows what it is: the union of every envelope, unknown fields ignored.
/// <see cref="Id"/> and <see cref="CorrelationId"/> carry the same value; answers to operations have only the latter.
/// </summary>
public sealed record Frame
{
    /// <summary>One of <see cref="FrameTypes"/>; absent in the answer to a container operation.</summary>
    public string? Type { get; init; }

    /// <summary>One of <see cref="CommandNames"/> or <see cref="EventNames"/>.</summary>
    public string? Command { get; init; }

    /// <summary>What the message says, left as JSON; may be absent.</summary>
    public JsonElement? Payload { get; init; }

    /// <summary>The server's id of a request.</summary>
    public string? Id { get; init; }

    /// <summary>The same value as <see cref="Id"/>.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>Whether an operation succeeded.</summary>
    public bool? Success { get; init; }

    /// <summary>Why a request failed, or a registration was refused.</summary>
    public string? Error { get; init; }

    /// <summary>The id to answer to, whichever field it came in.</summary>
    public string? RequestId => Id ?? CorrelationId;

    /// <summary>Reads the envelope of one text frame.</summary>
    /// <exception cref="JsonException">
    /// The text is not a JSON object, nests deeper than <see cref="ProtocolLimits.JsonDepth"/>, or has a field of the wrong type.
    /// </exception>
    public static Frame Parse(ReadOnlySpan<byte> utf8) =>
        JsonSerializer.Deserialize(utf8, ProtocolJson.Default.Frame) ?? throw new JsonException("The frame is null.");
}
