using System.Text.Json;
using System.Text.Json.Serialization;
using DockMon.Hub.History;
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

/// <param name="Host">Newest sample of the host itself.</param>
/// <param name="Containers">Newest samples of its containers, by id.</param>
/// <param name="RefusedSamples">Number of samples that were dropped because the host has too many containers; left out when there are none.</param>
internal sealed record StatsAnswer(
    JsonElement? Host,
    IReadOnlyDictionary<string, JsonElement> Containers,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] long RefusedSamples);

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
[JsonSerializable(typeof(HistoryAnswer))]
[JsonSerializable(typeof(IReadOnlyList<JsonElement>))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(IReadOnlyList<HealthCheckConfig>))]
[JsonSerializable(typeof(ProblemDetails))]
internal sealed partial class ApiJson : JsonSerializerContext;
