using System.Text.Json.Serialization;

namespace DockMon.Engine;

/// <summary>Every type this library reads or writes as JSON.</summary>
[JsonSourceGenerationOptions(MaxDepth = 128, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(IdBody))]
[JsonSerializable(typeof(EngineInfo))]
[JsonSerializable(typeof(EngineVersion))]
[JsonSerializable(typeof(ContainerInspection))]
[JsonSerializable(typeof(List<ContainerSummary>))]
[JsonSerializable(typeof(EventBody))]
[JsonSerializable(typeof(EngineStats))]
[JsonSerializable(typeof(PullBody))]
[JsonSerializable(typeof(RegistryAuthBody))]
[JsonSerializable(typeof(RestartPolicyBody))]
[JsonSerializable(typeof(ExecCreateBody))]
[JsonSerializable(typeof(ExecStartBody))]
[JsonSerializable(typeof(ExecInspection))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string[]>))]
internal sealed partial class EngineJson : JsonSerializerContext;

internal sealed class ErrorBody
{
    [JsonPropertyName("message")]
    public string? Message { get; set; }
}

internal sealed class RestartPolicyBody
{
    public required ContainerRestartPolicy RestartPolicy { get; init; }
}

internal sealed class IdBody
{
    public string Id { get; set; } = "";
}
