using System.Text.Json;
using System.Text.Json.Serialization;
using DockMon.Hub.Storage;
using DockMon.Protocol;
using Microsoft.AspNetCore.Mvc;

namespace DockMon.Hub.Api;

internal sealed record HealthAnswer(string Status, string Version);

internal sealed record NewTokenRequest(int? MaxUses);

/// <summary>A host, as the API returns it.</summary>
internal sealed record HostAnswer(string Id, string Hostname, string EngineId, bool Connected, string RegisteredAt, string LastSeen, JsonElement Registration);

/// <summary>A command to forward.</summary>
internal sealed record CommandRequest(string? Command, JsonElement? Payload);

internal sealed record StatsAnswer(JsonElement? Host, IReadOnlyDictionary<string, JsonElement> Containers);

internal sealed record HistoryEntry(DateTimeOffset ReceivedAt, JsonElement Stats);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(NewTokenRequest))]
[JsonSerializable(typeof(NewToken))]
[JsonSerializable(typeof(IReadOnlyList<TokenSummary>))]
[JsonSerializable(typeof(HostAnswer))]
[JsonSerializable(typeof(IReadOnlyList<HostAnswer>))]
[JsonSerializable(typeof(CommandRequest))]
[JsonSerializable(typeof(StatsAnswer))]
[JsonSerializable(typeof(IReadOnlyList<HistoryEntry>))]
[JsonSerializable(typeof(IReadOnlyList<JsonElement>))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(IReadOnlyList<HealthCheckConfig>))]
[JsonSerializable(typeof(ProblemDetails))]
internal sealed partial class ApiJson : JsonSerializerContext;
