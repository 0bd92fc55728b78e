using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace DockMon.Protocol;

/// <summary>Writes the frames an agent and a server send. Each method returns one whole UTF-8 text frame.</summary>
public static class FrameWriter
{
    private static readonly JsonWriterOptions Options = new()
    {
        // The text goes into a WebSocket frame, never into a page: escaping for HTML would only make it longer.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        // Docker's own JSON passes through as it is; checking what we write ourselves is what tests are for.
        SkipValidation = true,
    };

    private const int KeptBytes = 64 * 1024;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _eventBuffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _eventWriter;

    /// <summary>The answer to a command that succeeded; <paramref name="payload"/> is one whole JSON value, written as it is.</summary>
    public static byte[] Response(string id, ReadOnlySpan<byte> payload, DateTimeOffset now)
    {
        var buffer = new ArrayBufferWriter<byte>(payload.Length + 160);
        using var writer = new Utf8JsonWriter(buffer, Options);
        writer.WriteStartObject();
        writer.WriteString("type"u8, FrameTypes.Response);
        writer.WriteString("id"u8, id);
        writer.WritePropertyName("payload"u8);
        writer.WriteRawValue(payload, skipInputValidation: true);
        WriteTimestamp(writer, now);
        return End(writer, buffer);
    }

    /// <summary>The answer to a command that failed.</summary>
    public static byte[] ResponseError(string id, string error, DateTimeOffset now)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(buffer, Options);
        writer.WriteStartObject();
        writer.WriteString("type"u8, FrameTypes.Response);
        writer.WriteString("id"u8, id);
        writer.WriteString("error"u8, error);
        WriteTimestamp(writer, now);
        return End(writer, buffer);
    }

    /// <summary>
    /// The answer to a container operation that succeeded. <paramref name="fields"/> is one whole JSON object whose members
    /// stand beside <c>success</c>, written as they are; empty when there are none.
    /// </summary>
    public static byte[] OperationResult(string id, ReadOnlySpan<byte> fields)
    {
        var buffer = new ArrayBufferWriter<byte>(fields.Length + 128);
        using var writer = new Utf8JsonWriter(buffer, Options);
        writer.WriteStartObject();
        writer.WriteString("correlation_id"u8, id);
        writer.WriteBoolean("success"u8, true);
        writer.WriteEndObject();
        writer.Flush();
        var members = fields.IsEmpty ? default : fields[(fields.IndexOf((byte)'{') + 1)..fields.LastIndexOf((byte)'}')].Trim(" \r\n\t"u8);
        if (members.IsEmpty)
        {
            return buffer.WrittenSpan.ToArray();
        }

        return [.. buffer.WrittenSpan[..^1], (byte)',', .. members, (byte)'}'];
    }

    /// <summary>The answer to a container operation that failed.</summary>
    public static byte[] OperationError(string id, string error)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(buffer, Options);
        writer.WriteStartObject();
        writer.WriteString("correlation_id"u8, id);
        writer.WriteBoolean("success"u8, false);
        writer.WriteString("error"u8, error);
        return End(writer, buffer);
    }

    /// <summary>An event of the agent: one of <see cref="EventNames"/> with its payload.</summary>
    public static byte[] Event<T>(string name, T payload, JsonTypeInfo<T> type, DateTimeOffset now) => Event(name, payload, type, now, out _);

    /// <summary>An event of the agent, for a payload that is sent without the event, too: <paramref name="written"/> is where it stands in the frame.</summary>
    public static byte[] Event<T>(string name, T payload, JsonTypeInfo<T> type, DateTimeOffset now, out Range written)
    {
        // By far the most frames are events: all but the frame itself is used again.
        var buffer = _eventBuffer ??= new ArrayBufferWriter<byte>(1024);
        var writer = _eventWriter ??= new Utf8JsonWriter(buffer, Options);
        buffer.ResetWrittenCount();
        writer.Reset(buffer);
        writer.WriteStartObject();
        writer.WriteString("type"u8, FrameTypes.Event);
        writer.WriteString("command"u8, name);
        writer.WritePropertyName("payload"u8);
        var start = Written(writer);
        JsonSerializer.Serialize(writer, payload, type);
        written = start..Written(writer);
        WriteTimestamp(writer, now);
        var frame = End(writer, buffer);
        if (buffer.Capacity > KeptBytes)
        {
            _eventBuffer = null; // A large one, such as a shell's, is not kept for ever.
        }

        return frame;
    }

    /// <summary>
    /// A request of the server. <paramref name="type"/> is one of <see cref="FrameTypes"/>; null
    /// fields are left out; <paramref name="payload"/> is one whole JSON value.
    /// </summary>
    public static byte[] Request(string type, string? command, ReadOnlySpan<byte> payload, string? id)
    {
        var buffer = new ArrayBufferWriter<byte>(payload.Length + 160);
        using var writer = new Utf8JsonWriter(buffer, Options);
        writer.WriteStartObject();
        writer.WriteString("type"u8, type);
        if (command is not null)
        {
            writer.WriteString("command"u8, command);
        }

        if (!payload.IsEmpty)
        {
            writer.WritePropertyName("payload"u8);
            writer.WriteRawValue(payload, skipInputValidation: true);
        }

        if (id is not null)
        {
            writer.WriteString("id"u8, id);
            writer.WriteString("correlation_id"u8, id);
        }

        return End(writer, buffer);
    }

    /// <summary>One whole message that has its envelope in its own type, such as <see cref="RegisterRequest"/>.</summary>
    public static byte[] Message<T>(T message, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(message, type);

    private static int Written(Utf8JsonWriter writer) => (int)(writer.BytesCommitted + writer.BytesPending);

    private static void WriteTimestamp(Utf8JsonWriter writer, DateTimeOffset now)
    {
        Span<char> text = stackalloc char[Rfc3339.MaxLength];
        writer.WriteString("timestamp"u8, text[..Rfc3339.Format(now, text)]);
    }

    private static byte[] End(Utf8JsonWriter writer, ArrayBufferWriter<byte> buffer)
    {
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
