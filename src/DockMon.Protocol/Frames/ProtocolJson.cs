using System.Text.Json.Serialization;

namespace DockMon.Protocol;

/// <summary>
/// Source-generated JSON of every message. Names are snake_case, nulls are left out, numbers may come as text,
/// and unknown fields are ignored except in a <see cref="RegisterRequest"/>.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    MaxDepth = ProtocolLimits.JsonDepth)]
[JsonSerializable(typeof(Frame))]
[JsonSerializable(typeof(RegisterRequest))]
[JsonSerializable(typeof(AuthSuccess))]
[JsonSerializable(typeof(AuthError))]
[JsonSerializable(typeof(ContainerOperation))]
[JsonSerializable(typeof(OperationResult))]
[JsonSerializable(typeof(ContainerReference))]
[JsonSerializable(typeof(ContainerEvent))]
[JsonSerializable(typeof(ContainerStats))]
[JsonSerializable(typeof(SuccessResult))]
[JsonSerializable(typeof(StartedResult))]
[JsonSerializable(typeof(SystemInformation))]
[JsonSerializable(typeof(IReadOnlyList<ImageSummary>))]
[JsonSerializable(typeof(IReadOnlyList<NetworkSummary>))]
[JsonSerializable(typeof(NetworkSummary))]
[JsonSerializable(typeof(IReadOnlyList<VolumeSummary>))]
[JsonSerializable(typeof(RemoveImageRequest))]
[JsonSerializable(typeof(CreateNetworkRequest))]
[JsonSerializable(typeof(DeleteNetworkRequest))]
[JsonSerializable(typeof(CreateVolumeRequest))]
[JsonSerializable(typeof(DeleteVolumeRequest))]
[JsonSerializable(typeof(PruneResult))]
[JsonSerializable(typeof(UpdateContainerRequest))]
[JsonSerializable(typeof(UpdateProgress))]
[JsonSerializable(typeof(UpdateLayerProgress))]
[JsonSerializable(typeof(UpdateComplete))]
[JsonSerializable(typeof(SelfUpdateRequest))]
[JsonSerializable(typeof(SelfUpdateProgress))]
[JsonSerializable(typeof(HostStatsFrame))]
[JsonSerializable(typeof(StatsBackfill))]
[JsonSerializable(typeof(HealthCheckConfig))]
[JsonSerializable(typeof(HealthCheckConfigsSync))]
[JsonSerializable(typeof(HealthCheckResult))]
[JsonSerializable(typeof(ShellSession))]
[JsonSerializable(typeof(ShellData))]
[JsonSerializable(typeof(ImageCheckRequest))]
[JsonSerializable(typeof(ImageCheckResult))]
[JsonSerializable(typeof(IReadOnlyList<ImageCheckResult>))]
[JsonSerializable(typeof(PolicyStatement))]
[JsonSerializable(typeof(LogStreamRequest))]
[JsonSerializable(typeof(LogData))]
[JsonSerializable(typeof(LogEnd))]
[JsonSerializable(typeof(DeployComposeRequest))]
[JsonSerializable(typeof(DeployProgress))]
[JsonSerializable(typeof(DeployComplete))]
[JsonSerializable(typeof(ScanComposeRequest))]
[JsonSerializable(typeof(ScanComposeResult))]
[JsonSerializable(typeof(ReadComposeRequest))]
[JsonSerializable(typeof(ReadComposeResult))]
public sealed partial class ProtocolJson : JsonSerializerContext;
