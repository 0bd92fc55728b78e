using System.Text.Json;
using System.Text.Json.Serialization;

namespace DockMon.Cli.Hub;

// The answers of the API as far as this program reads them. A test compares each with the schema of the same name in docs/openapi.json.

internal sealed record HostAnswer(string Id, string Hostname, bool Connected, string LastSeen, JsonElement Registration);

internal sealed record PublishedPort(string Ip, int PrivatePort, int PublicPort, string Type);

internal sealed record ContainerFigures(double CpuPercent, long MemoryUsage);

internal sealed record ContainerAnswer(
    string HostId, string Host, string Id, string Name, string Image, string State, string Status, string Health, PublishedPort[] Ports,
    ContainerFigures? Figures)
{
    /// <summary>The status with the health in it, as Docker writes it.</summary>
    [JsonIgnore]
    public string FullStatus => Health.Length == 0 ? Status : $"{Status} ({Health})";
}

/// <summary>A page of <see cref="ContainerAnswer"/>, as the hub has written them.</summary>
internal sealed record ContainerPage(IReadOnlyList<JsonElement> Items, string? Next);

internal sealed record NewToken(string Id, string Token, int MaxUses, string ExpiresAt);

internal sealed record NewTokenRequest(int MaxUses);

internal sealed record TokenSummary(string Id, int MaxUses, int Uses, string CreatedAt, string ExpiresAt);

/// <summary>Problem details; the schema has more.</summary>
internal sealed record ProblemAnswer(string? Type, string? Title, string? Detail);

/// <summary>The body of an action on a container.</summary>
internal sealed record ActionRequest(int? Timeout, bool? Force);

internal sealed record OperationAnswer(string Id, string State, string Stage, string Message, string Error);

internal sealed record UpdateRequest(string? Image);

internal sealed record StackRequest(string Compose, string? Env);

internal sealed record StackSummary(string Name, bool Managed, int Containers, int Running);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<HostAnswer>))]
[JsonSerializable(typeof(ContainerPage))]
[JsonSerializable(typeof(ContainerAnswer))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(NewToken))]
[JsonSerializable(typeof(NewTokenRequest))]
[JsonSerializable(typeof(IReadOnlyList<TokenSummary>))]
[JsonSerializable(typeof(OperationAnswer))]
[JsonSerializable(typeof(UpdateRequest))]
[JsonSerializable(typeof(StackRequest))]
[JsonSerializable(typeof(IReadOnlyList<StackSummary>))]
[JsonSerializable(typeof(ProblemAnswer))]
[JsonSerializable(typeof(ActionRequest))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(IReadOnlyList<JsonElement>))]
internal sealed partial class CliJson : JsonSerializerContext;
