using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using DockMon.Protocol;

namespace DockMon.Agent.Logging;

/// <summary>An entry as a line of JSON. One is kept for each thread, so that a line costs no allocation of its own.</summary>
internal sealed class JsonLine : IDisposable
{
    // What one long line has grown to is not kept for all short ones after it.
    private const int LargestKept = 16 * 1024;

    private static readonly JsonWriterOptions Options = new()
    {
        // Escapes control characters and quotes (LogOutput does the rest that hides something);
        // leaves <, > and ' readable, for nobody puts this into a web page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    [ThreadStatic]
    private static JsonLine? t_free;

    private readonly ArrayBufferWriter<byte> _buffer = new(512);
    private readonly Utf8JsonWriter _writer;

    private JsonLine() => _writer = new Utf8JsonWriter(_buffer, Options);

    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    public static JsonLine Rent()
    {
        var line = t_free ?? new JsonLine();
        t_free = null;
        line._buffer.ResetWrittenCount();
        line._writer.Reset();
        return line;
    }

    public void Return()
    {
        if (_buffer.Capacity <= LargestKept)
        {
            t_free = this;
        }
    }

    public void Dispose() => _writer.Dispose();

    public void Format(in LogEntry entry, DateTimeOffset now)
    {
        Span<char> time = stackalloc char[Rfc3339.MaxLength];
        _writer.WriteStartObject();
        _writer.WriteString("time", time[..Rfc3339.Format(now, time)]);
        _writer.WriteString("level", LogName.OfLevel(entry.Level));
        _writer.WriteString("logger", entry.Logger);
        _writer.WriteString("msg", LogEntry.Cut(entry.Message));
        for (var i = 0; i < (entry.Fields?.Count ?? 0); i++)
        {
            var (name, value) = entry.Fields![i];
            if (name != "{OriginalFormat}")
            {
                _writer.WritePropertyName(LogName.OfField(name, entry.Exception is not null));
                WriteValue(value);
            }
        }

        WriteOptional("error", entry.Error);
        WriteOptional("stack", entry.Stack);
        _writer.WriteEndObject();
        _writer.Flush();
        _buffer.Write("\n"u8);
    }

    private void WriteOptional(string key, string? value)
    {
        if (value is not null)
        {
            _writer.WriteString(key, value);
        }
    }

    private void WriteValue(object? value)
    {
        switch (value)
        {
            case null:
                _writer.WriteNullValue();
                break;
            case bool flag:
                _writer.WriteBooleanValue(flag);
                break;
            case sbyte or byte or short or ushort or int or uint or long:
                _writer.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case double number when double.IsFinite(number):
                _writer.WriteNumberValue(number);
                break;
            case DateTimeOffset time:
                _writer.WriteStringValue(Rfc3339.Format(time));
                break;
            case IEnumerable<string> texts:
                _writer.WriteStringValue(LogEntry.Cut(string.Join(", ", texts)));
                break;
            default:
                _writer.WriteStringValue(LogEntry.Cut(Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""));
                break;
        }
    }
}
