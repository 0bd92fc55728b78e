using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DockMon.Agent.Policies.Redaction;

/// <summary>
/// The engine's JSON of a container without what the server is not told. Only texts with such a value are written anew; every other byte stays as it is.
/// </summary>
internal static class RedactedJson
{
    // Their keys are names that people give.
    private static readonly string[] Maps = ["Labels", "Annotations", "Options", "DriverOpts", "Sysctls"];

    /// <summary>Redacts a document.</summary>
    /// <param name="json">The document.</param>
    /// <param name="redactor">Says what is not told.</param>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> json, Redactor redactor)
    {
        if (!redactor.IsActive)
        {
            return json;
        }

        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = 128 });
        ArrayBufferWriter<byte>? written = null;
        var copied = 0;
        var open = new Stack<Place>();
        var place = default(Place);
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    open.Push(place);
                    place = new Place(place.Key, place.Name) { IsList = reader.TokenType == JsonTokenType.StartArray };
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    place = open.Pop();
                    break;
                case JsonTokenType.PropertyName:
                    place.Key = TextOf(ref reader) ?? "";
                    break;
                case JsonTokenType.String:
                    var (text, start) = (TextOf(ref reader), (int)reader.TokenStartIndex);
                    var redacted = text is null ? Redactor.Mark : Redact(text, place, redactor);
                    place.Before = text;
                    if (redacted != text)
                    {
                        written ??= new ArrayBufferWriter<byte>(json.Length);
                        written.Write(json.Span[copied..start]);
                        Write(redacted, written);
                        copied = (int)reader.BytesConsumed;
                    }

                    break;
                default:
                    break;
            }
        }

        if (written is null)
        {
            return json;
        }

        written.Write(json.Span[copied..]);
        return written.WrittenMemory;
    }

    private static string Redact(string text, Place place, Redactor redactor) =>
        place.IsList ? place.Name == "Env" ? redactor.Variable(text) : redactor.Item(text, place.Before)
        : place is { Name: "Config", Parent: "LogConfig" } || Maps.Contains(place.Name, StringComparer.Ordinal) ? redactor.Value(place.Key ?? "", text)
        : redactor.Text(text);

    /// <summary>A text; null for one that is none, having half of a surrogate pair.</summary>
    private static string? TextOf(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static void Write(string text, IBufferWriter<byte> target)
    {
        target.Write("\""u8);
        target.Write(JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
        target.Write("\""u8);
    }

    /// <summary>Where the reader is.</summary>
    /// <param name="Name">The key of the object or list that it is in.</param>
    /// <param name="Parent">The same of what that is in.</param>
    private record struct Place(string? Name, string? Parent)
    {
        public bool IsList { get; init; }

        /// <summary>The key before the next value of an object.</summary>
        public string? Key { get; set; }

        /// <summary>The text before it in a list.</summary>
        public string? Before { get; set; }
    }
}
