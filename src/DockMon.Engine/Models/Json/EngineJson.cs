using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace DockMon.Engine;

/// <summary>Every type this library reads or writes as JSON.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata, // Most of it is only read; what is written is small.
    MaxDepth = 128,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(IdBody))]
[JsonSerializable(typeof(EngineInfo))]
[JsonSerializable(typeof(EngineVersion))]
[JsonSerializable(typeof(ContainerInspection))]
[JsonSerializable(typeof(List<ContainerSummary>))]
[JsonSerializable(typeof(List<EngineImage>))]
[JsonSerializable(typeof(ImageInspection))]
[JsonSerializable(typeof(ImageDistribution))]
[JsonSerializable(typeof(EngineNetwork))]
[JsonSerializable(typeof(List<EngineNetwork>))]
[JsonSerializable(typeof(NetworkCreateBody))]
[JsonSerializable(typeof(NetworkConnectBody))]
[JsonSerializable(typeof(NetworkDisconnectBody))]
[JsonSerializable(typeof(EngineVolume))]
[JsonSerializable(typeof(VolumeInspection))]
[JsonSerializable(typeof(VolumeInspectionList))]
[JsonSerializable(typeof(VolumeList))]
[JsonSerializable(typeof(VolumeCreateBody))]
[JsonSerializable(typeof(PruneBody))]
[JsonSerializable(typeof(EventBody))]
[JsonSerializable(typeof(EngineStats))]
[JsonSerializable(typeof(PullBody))]
[JsonSerializable(typeof(RegistryAuthBody))]
[JsonSerializable(typeof(RestartPolicyBody))]
[JsonSerializable(typeof(ExecCreateBody))]
[JsonSerializable(typeof(ExecStartBody))]
[JsonSerializable(typeof(ExecInspection))]
[JsonSerializable(typeof(JsonObject))]
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
    public string Id { get; set => field = value ?? ""; } = "";
}
