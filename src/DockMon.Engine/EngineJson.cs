using System.Text.Json.Serialization;

namespace DockMon.Engine;

/// <summary>Source-generated JSON of what this code reads and writes itself. What it passes through is never deserialised.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, MaxDepth = 128)]
[JsonSerializable(typeof(EngineInfo))]
[JsonSerializable(typeof(EngineVersion))]
[JsonSerializable(typeof(EngineError))]
[JsonSerializable(typeof(EngineEventMessage))]
[JsonSerializable(typeof(ContainerInspection))]
[JsonSerializable(typeof(CreatedObject))]
[JsonSerializable(typeof(EngineStats))]
[JsonSerializable(typeof(PullMessage))]
[JsonSerializable(typeof(AuthConfig))]
[JsonSerializable(typeof(ExecCreate))]
[JsonSerializable(typeof(ExecStart))]
[JsonSerializable(typeof(ExecInspection))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string[]>))]
internal sealed partial class EngineJson : JsonSerializerContext;

internal sealed record EngineError
{
    [JsonPropertyName("message")]
    public string? Message { get; init; }
}

internal sealed record CreatedObject
{
    public string Id { get; init; } = "";
}

internal sealed record EngineEventMessage
{
    public string? Type { get; init; }

    public string? Action { get; init; }

    public EngineEventActor? Actor { get; init; }

    [JsonPropertyName("timeNano")]
    public long TimeNano { get; init; }
}

internal sealed record EngineEventActor
{
    [JsonPropertyName("ID")]
    public string? Id { get; init; }

    public Dictionary<string, string>? Attributes { get; init; }
}

internal sealed record PullMessage
{
    [JsonPropertyName("id")]
    public string? Id { get; init; }

    [JsonPropertyName("status")]
    public string? Status { get; init; }

    [JsonPropertyName("stream")]
    public string? Stream { get; init; }

    [JsonPropertyName("error")]
    public string? Error { get; init; }

    [JsonPropertyName("images")]
    public IReadOnlyList<string>? Images { get; init; }

    [JsonPropertyName("progressDetail")]
    public PullProgressDetail? ProgressDetail { get; init; }
}

internal sealed record PullProgressDetail
{
    [JsonPropertyName("current")]
    public long Current { get; init; }

    [JsonPropertyName("total")]
    public long Total { get; init; }
}

internal sealed record AuthConfig
{
    [JsonPropertyName("username")]
    public required string Username { get; init; }

    [JsonPropertyName("password")]
    public required string Password { get; init; }
}

internal sealed record ExecCreate
{
    public required IReadOnlyList<string> Cmd { get; init; }

    public bool Tty { get; init; }

    public IReadOnlyList<string>? Env { get; init; }

    public bool AttachStdin { get; init; }

    public bool AttachStdout { get; init; }

    public bool AttachStderr { get; init; }
}

internal sealed record ExecStart
{
    public bool Detach { get; init; }

    public bool Tty { get; init; }
}
