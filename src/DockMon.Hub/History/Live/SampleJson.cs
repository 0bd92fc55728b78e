using System.Buffers;
using System.Text.Json;
using DockMon.Protocol;

namespace DockMon.Hub.History.Live;

/// <summary>Writes samples as the protocol has them, with the members that the agent sent.</summary>
internal static class SampleJson
{
    public static JsonElement Write(SampleShape shape, in Sample sample, string? containerId = null, string? containerName = null, byte[]? extended = null)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            if (containerId is not null)
            {
                writer.WriteString("container_id"u8, containerId);
            }

            if (!string.IsNullOrEmpty(containerName))
            {
                writer.WriteString("container_name"u8, containerName);
            }

            for (var i = 0; i < shape.Members.Length; i++)
            {
                WriteMember(writer, shape.Members[i], sample.Values[i]);
            }

            if (extended is not null)
            {
                writer.WritePropertyName("extended"u8);
                writer.WriteRawValue(extended);
            }

            writer.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private static void WriteMember(Utf8JsonWriter writer, SampleMember member, long value)
    {
        if (value == Sample.Absent)
        {
            return;
        }

        switch (member.Kind)
        {
            case MemberKind.Integer:
                writer.WriteNumber(member.Utf8, value);
                break;
            case MemberKind.Fraction:
                writer.WriteNumber(member.Utf8, value / 1000.0);
                break;
            default:
                var time = DateTimeOffset.FromUnixTimeMilliseconds(value);
                writer.WriteString(member.Utf8, time.Millisecond == 0 ? Rfc3339.FormatSeconds(time) : Rfc3339.Format(time));
                break;
        }
    }
}
