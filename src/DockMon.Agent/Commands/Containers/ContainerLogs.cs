using System.Globalization;
using System.Text;
using System.Text.Json;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Commands.Containers;

/// <summary>Reads the end of a container's log: both streams in the order Docker gives them, within what a frame can hold.</summary>
internal static class ContainerLogs
{
    /// <summary>Lines when the request names no number.</summary>
    public const int DefaultTail = 100;

    /// <summary>Most bytes of log kept. JSON may write one byte as six, and the answer has to stay under the server's 16 MiB.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    /// <summary>Room for the log in the answer's frame, in bytes of JSON.</summary>
    private const int MaxJsonBytes = ProtocolLimits.ControlFrameBytes - 4096;

    /// <summary>Reads the log.</summary>
    /// <param name="engine">Docker.</param>
    /// <param name="id">The container.</param>
    /// <param name="tail">Lines from the end; negative for all.</param>
    /// <param name="since">Since when, as Docker takes it.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>Lines of <c>RFC3339Nano text\n</c>; when some had to be left out, the first line says so.</returns>
    public static async Task<string> ReadAsync(EngineClient engine, string id, int? tail, string? since, CancellationToken ct)
    {
        var lines = tail ?? DefaultTail;
        var options = new LogOptions { Tail = lines < 0 ? null : lines, Since = since, Timestamps = true };
        var kept = new TailBuffer(MaxBytes);
        await foreach (var piece in engine.ReadLogsAsync(id, options, ct))
        {
            kept.Append(piece.Data.Span);
        }

        return Fit(kept);
    }

    /// <summary>The time a request names, as Docker's API takes it: Unix seconds with a fraction.</summary>
    /// <param name="given">The time.</param>
    /// <param name="name">The name of its field.</param>
    /// <exception cref="CommandException">It is neither an RFC 3339 time nor Unix seconds.</exception>
    public static string? ParseTime(JsonElement? given, string name)
    {
        if (given is not { } value || value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
        {
            return null;
        }

        var text = value.ValueKind == JsonValueKind.String ? value.GetString()!.Trim() : value.GetRawText();
        if (text.Length == 0)
        {
            return null;
        }

        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
        {
            return seconds.ToString("0.#########", CultureInfo.InvariantCulture);
        }

        if (value.ValueKind != JsonValueKind.String || !Rfc3339.TryParse(text, out var time))
        {
            throw new CommandException($"{name} must be an RFC 3339 time or Unix seconds, not {text}");
        }

        // Docker's own digits are kept to the nanosecond; DateTimeOffset would cut them at 100 ns.
        var digits = text.IndexOf('.', StringComparison.Ordinal) is var dot and >= 0
            ? new string([.. text.Skip(dot + 1).TakeWhile(char.IsAsciiDigit).Take(9)])
            : "";
        return $"{time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)}.{digits.PadRight(9, '0')}";
    }

    private static string Fit(TailBuffer kept)
    {
        var bytes = kept.ToMemory();
        var cut = kept.Dropped;
        while (true)
        {
            if (cut > 0)
            {
                var line = bytes.Span.IndexOf((byte)'\n') + 1;
                cut += line;
                bytes = bytes[line..];
            }

            var text = Encoding.UTF8.GetString(bytes.Span);
            if (JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.Default).EncodedUtf8Bytes.Length <= MaxJsonBytes)
            {
                return cut == 0 ? text : CutNotice(text, cut) + text;
            }

            cut += bytes.Length / 2;
            bytes = bytes[(bytes.Length / 2)..];
        }
    }

    // It carries the time of the line it stands before, so that whoever parses the lines can parse it, too.
    private static string CutNotice(string text, long cut) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{text.Split(' ', 2)[0]} [the log was cut here: {cut} earlier bytes do not fit into one message; ask for fewer lines]\n");
}
