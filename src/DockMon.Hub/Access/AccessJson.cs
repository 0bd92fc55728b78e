using System.Text.Json.Serialization;
using DockMon.Hub.Access.Audit;
using Microsoft.AspNetCore.Mvc;

namespace DockMon.Hub.Access;

internal sealed record SetupRequest(string? Token, string? Name, string? Password);

internal sealed record SignInRequest(string? Name, string? Password, string? Code);

/// <summary>Who the caller is.</summary>
internal sealed record MeAnswer(string Who, string Role, IReadOnlyList<string> Tags, string? Name, bool? HasPassword, bool? SecondFactor);

internal sealed record PasswordRequest(string? Current, string? New);

internal sealed record ConfirmRequest(string? Password, string? Secret, string? Code);

/// <summary>A secret for an authenticator app, which counts once a code of it was confirmed.</summary>
internal sealed record AppAnswer(string Secret, string Address);

internal sealed record RecoveryAnswer(IReadOnlyList<string> RecoveryCodes);

internal sealed record SessionAnswer(string Id, string Address, string Client, string CreatedAt, string SeenAt, bool Current);

internal sealed record UserRequest(string? Name, string? Password, string? Role, IReadOnlyList<string>? Tags);

internal sealed record UserAnswer(string Id, string Name, string Role, IReadOnlyList<string> Tags, bool SecondFactor, string CreatedAt);

internal sealed record NewPasswordRequest(string? Password);

internal sealed record AccessTokenRequest(string? Name, string? Role, IReadOnlyList<string>? Tags, int? Days);

/// <summary>A new token, with its value this once.</summary>
internal sealed record NewAccessToken(AccessToken Token, string Value);

internal sealed record TagsRequest(IReadOnlyList<string>? Tags);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SetupRequest))]
[JsonSerializable(typeof(SignInRequest))]
[JsonSerializable(typeof(MeAnswer))]
[JsonSerializable(typeof(PasswordRequest))]
[JsonSerializable(typeof(ConfirmRequest))]
[JsonSerializable(typeof(AppAnswer))]
[JsonSerializable(typeof(RecoveryAnswer))]
[JsonSerializable(typeof(IReadOnlyList<SessionAnswer>))]
[JsonSerializable(typeof(UserRequest))]
[JsonSerializable(typeof(UserAnswer))]
[JsonSerializable(typeof(IReadOnlyList<UserAnswer>))]
[JsonSerializable(typeof(NewPasswordRequest))]
[JsonSerializable(typeof(AccessTokenRequest))]
[JsonSerializable(typeof(NewAccessToken))]
[JsonSerializable(typeof(IReadOnlyList<AccessToken>))]
[JsonSerializable(typeof(TagsRequest))]
[JsonSerializable(typeof(IReadOnlyList<AuditEntry>))]
[JsonSerializable(typeof(ProblemDetails))]
internal sealed partial class AccessJson : JsonSerializerContext;
