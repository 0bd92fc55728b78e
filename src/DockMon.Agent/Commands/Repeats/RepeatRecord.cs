using System.Text.Json.Serialization;

namespace DockMon.Agent.Commands.Repeats;

/// <summary>A line of the file of remembered requests: that one begins, or how it was answered.</summary>
/// <param name="Id">The server's id of the request.</param>
/// <param name="Content">With the begin: the digest of what was asked.</param>
/// <param name="Answer">With the answer: the whole frame, which is base64 in the file; empty for one that is too large to be kept.</param>
internal sealed record RepeatRecord(string Id, string? Content = null, byte[]? Answer = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RepeatRecord))]
internal sealed partial class RepeatJson : JsonSerializerContext;
