using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Logging;

/// <summary>One message, as a line that nothing in it can break into two.</summary>
internal readonly record struct LogLine(
    DateTimeOffset Time, LogLevel Level, string Logger, string Message, IReadOnlyList<KeyValuePair<string, object?>> Fields, Exception? Exception)
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A JSON object, the time first.</summary>
    public string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            writer.WriteString("time"u8, Rfc3339.Format(Time));
            writer.WriteString("level"u8, LevelName);
            writer.WriteString("logger"u8, Logger);
            writer.WriteString("msg"u8, Message);
            foreach (var (key, value) in Fields)
            {
                if (key != "{OriginalFormat}")
                {
                    WriteField(writer, JsonNamingPolicy.SnakeCaseLower.ConvertName(key), value);
                }
            }

            if (Exception is not null)
            {
                writer.WriteString("error"u8, $"{Exception.GetType().Name}: {Exception.Message}");
                writer.WriteString("stack"u8, Exception.ToString());
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }

    /// <summary>One readable line.</summary>
    public string ToText()
    {
        var text = new StringBuilder(128)
            .Append(CultureInfo.InvariantCulture, $"{Time.UtcDateTime:yyyy-MM-dd HH:mm:ss.fff}Z {LevelName.ToUpperInvariant()[..3]} {Logger}: ");
        AppendEscaped(text, Message);
        if (Exception is not null)
        {
            AppendEscaped(text.Append(" | "), Exception.ToString());
        }

        return text.Append('\n').ToString();
    }

    private string LevelName => Level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        _ => "error",
    };

    private static void WriteField(Utf8JsonWriter writer, string key, object? value)
    {
        switch (value)
        {
            case int or long or short or byte:
                writer.WriteNumber(key, Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case double number when double.IsFinite(number):
                writer.WriteNumber(key, number);
                break;
            case bool flag:
                writer.WriteBoolean(key, flag);
                break;
            default:
                writer.WriteString(key, Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }

    // A container's name or a server's text must not be able to forge a line of its own, nor to steer a terminal.
    private static void AppendEscaped(StringBuilder text, string value)
    {
        foreach (var c in value)
        {
            _ = c switch
            {
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append('\t'),
                _ when char.IsControl(c) => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => text.Append(c),
            };
        }
    }
}
