using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using DockMon.Agent.Audit.Chain;
using DockMon.Protocol;

namespace DockMon.Agent.Audit;

/// <summary>What a record of the audit is: values of <see cref="AuditRecord.Phase"/>.</summary>
internal static class AuditPhase
{
    /// <summary>Something is about to be done.</summary>
    public const string Begin = "begin";

    /// <summary>It was done, or failed.</summary>
    public const string End = "end";

    /// <summary>It was asked for and is not done. With a begin, the policy judged what that found out.</summary>
    public const string Refused = "refused";

    /// <summary>Something that has no duration.</summary>
    public const string Noted = "noted";
}

/// <summary>A container as a record names it.</summary>
internal sealed record AuditedContainer(string Id, string Name, string Image);

/// <summary>
/// One line of the audit. In JSON all but ASCII is escaped, so that whatever a name or an error text holds, showing the file does nothing to a terminal.
/// </summary>
internal sealed record AuditRecord
{
    /// <summary>What the hash of the line before is in the first line of all.</summary>
    public const string NoPrevious = "0000000000000000000000000000000000000000000000000000000000000000";

    private static readonly SearchValues<byte> OfTime = SearchValues.Create("0123456789-:.TZ"u8);

    /// <summary>Most bytes of a line. All parts of a record are cut, so that none of ours comes near.</summary>
    public const int MaxBytes = 64 * 1024;

    public required string Time { get; init; }

    /// <summary>The number of the record, from 1.</summary>
    public long Sequence { get; init; }

    /// <summary>One of <see cref="AuditPhase"/>.</summary>
    public required string Phase { get; init; }

    /// <summary>A command or an action of the protocol, or one of <see cref="AuditAction"/>.</summary>
    public required string Action { get; init; }

    /// <summary>The server that asked for it.</summary>
    public string? Server { get; init; }

    /// <summary>The server's id of the request.</summary>
    public string? Request { get; init; }

    /// <summary>What work is known by that goes on after its request was answered: a deployment's id, the container of an update, a shell's session.</summary>
    public string? Work { get; init; }

    /// <summary>What it is about, beside the container: an image, a network, a volume, a project, a path.</summary>
    public string? Subject { get; init; }

    public AuditedContainer? Container { get; init; }

    /// <summary>What of the container reaches out of it, in short words.</summary>
    public IReadOnlyList<string>? Dangers { get; init; }

    /// <summary>What the policy said: one of <see cref="AuditDecision"/>.</summary>
    public string? Decision { get; init; }

    /// <summary>The line of the policy that decided.</summary>
    public string? Rule { get; init; }

    /// <summary>Of an end, or of what was found out in between: the number of the begin.</summary>
    public long? Begin { get; init; }

    /// <summary><c>ok</c>, or what went wrong, or what is noted.</summary>
    public string? Outcome { get; init; }

    /// <summary>Of an end: how long it took.</summary>
    public long? Milliseconds { get; init; }

    /// <summary>The SHA-256 of what stands in the file between the line before and this one: a record that was not written to its end.</summary>
    public string? Torn { get; init; }

    /// <summary>The SHA-256 of the line before, without its end.</summary>
    public required string Previous { get; init; }

    /// <summary>The line, without its end.</summary>
    public byte[] ToLine() => JsonSerializer.SerializeToUtf8Bytes(this, AuditJson.Default.AuditRecord);

    /// <summary>Whether bytes can be the beginning of the line of a record with a number, as <see cref="ToLine"/> writes it.</summary>
    public static bool CanBegin(ReadOnlySpan<byte> bytes, long sequence)
    {
        ReadOnlySpan<byte> before = "{\"time\":\""u8;
        if (bytes.Length <= before.Length || !bytes.StartsWith(before))
        {
            return before.StartsWith(bytes);
        }

        var rest = bytes[before.Length..];
        var time = rest.IndexOfAnyExcept(OfTime) is >= 0 and var end ? end : rest.Length;
        rest = rest[time..];
        ReadOnlySpan<byte> after = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\",\"sequence\":{sequence},\"phase\":\""));
        return time <= Rfc3339.MaxLength
            && (rest.Length <= after.Length ? after.StartsWith(rest) : rest.StartsWith(after) && !rest.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
            && IsBrokenOff(bytes);
    }

    private static bool IsBrokenOff(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, isFinalBlock: false, default);
            while (reader.Read())
            {
                if (reader.CurrentDepth == 0 && reader.TokenType == JsonTokenType.EndObject)
                {
                    return false;
                }
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Reads a line; null when it is no record.</summary>
    public static AuditRecord? Read(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, AuditJson.Default.AuditRecord) is { Sequence: > 0, Phase: not null, Action: not null } record
                && Digest.TryParse(record.Previous, out _) ? record : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>Values of <see cref="AuditRecord.Decision"/>.</summary>
internal static class AuditDecision
{
    public const string Allowed = "allowed";
    public const string Refused = "refused";

    /// <summary>What a policy that is not enforced would refuse.</summary>
    public const string Tolerated = "tolerated";
}

/// <summary>Names of what is recorded beside the actions of the protocol.</summary>
internal static class AuditAction
{
    /// <summary>The agent starts.</summary>
    public const string Start = "agent_start";

    /// <summary>The agent stops.</summary>
    public const string Stop = "agent_stop";

    /// <summary>Something about the audit itself.</summary>
    public const string Audit = "audit";

    /// <summary>What the work of a self-update is called: there is only one at a time.</summary>
    public const string SelfUpdateWork = "self-update";

    /// <summary>The server accepts or refuses the agent.</summary>
    public const string Registration = "registration";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AuditRecord))]
[JsonSerializable(typeof(AuditHead))]
[JsonSerializable(typeof(AuditVerdict))]
internal sealed partial class AuditJson : JsonSerializerContext;
