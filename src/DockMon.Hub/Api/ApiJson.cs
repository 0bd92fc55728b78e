using System.Text.Json;
using System.Text.Json.Serialization;
using DockMon.Hub.History;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;
using Microsoft.AspNetCore.Mvc;

namespace DockMon.Hub.Api;

/// <summary>The health of the hub.</summary>
/// <param name="Status">Always <c>ok</c>: the hub answers.</param>
/// <param name="Version">Version of the hub.</param>
/// <param name="Database"><c>ok</c> or <c>down</c>.</param>
/// <param name="Bus">Whether the other hubs can be reached: <c>ok</c> or <c>down</c>; null for the only hub.</param>
/// <param name="Oidc">Whether one can sign in with a provider of OpenID Connect, at <c>/api/oidc/login</c>; left out when not.</param>
internal sealed record HealthAnswer(
    string Status, string Version, string Database, string? Bus, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Oidc);

internal sealed record NewTokenRequest(int? MaxUses);

/// <summary>A host, as the API returns it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Hostname">Its name.</param>
/// <param name="EngineId">Docker's id of its engine.</param>
/// <param name="Connected">Whether its agent is connected.</param>
/// <param name="RegisteredAt">Time of the first registration.</param>
/// <param name="LastSeen">Time of the last connection.</param>
/// <param name="Tags">Its tags: users and tokens with tags see only hosts that have one of theirs.</param>
/// <param name="Registration">What its agent said of itself.</param>
/// <param name="LimitsReached">How often it reached each of its limits since the start of the hub; left out when it never did.</param>
internal sealed record HostAnswer(
    string Id, string Hostname, string EngineId, bool Connected, string RegisteredAt, string LastSeen, IReadOnlyList<string> Tags,
    JsonElement Registration,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, long>? LimitsReached);

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
[JsonSerializable(typeof(ContainerActionRequest))]
[JsonSerializable(typeof(StatsAnswer))]
[JsonSerializable(typeof(IReadOnlyList<HistoryEntry>))]
[JsonSerializable(typeof(HistoryAnswer))]
[JsonSerializable(typeof(IReadOnlyList<JsonElement>))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(IReadOnlyList<HealthCheckConfig>))]
[JsonSerializable(typeof(ProblemDetails))]
internal sealed partial class ApiJson : JsonSerializerContext;
