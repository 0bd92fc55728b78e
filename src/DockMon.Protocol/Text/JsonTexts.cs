using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DockMon.Protocol;

/// <summary>Replaces texts in a JSON document. Only the replaced ones are written anew; every other byte stays as it is.</summary>
public static class JsonTexts
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 256 };

    /// <summary>Replaces texts; keys stay.</summary>
    /// <param name="json">One JSON value in UTF-8.</param>
    /// <param name="replace">
    /// What stands for a text at its place: the same for one that stays. A text that is none, having half of a surrogate pair, is null, and stays for null.
    /// </param>
    /// <returns>The document; the same memory if every text stays.</returns>
    /// <exception cref="JsonException">It is no JSON, or too deep.</exception>
    public static ReadOnlyMemory<byte> Replace(ReadOnlyMemory<byte> json, Func<string?, JsonPlace, string?> replace)
    {
        var reader = new Utf8JsonReader(json.Span, Options);
        ArrayBufferWriter<byte>? written = null;
        var copied = 0;
        var place = new JsonPlace(null, isList: false);
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    place = new JsonPlace(place, isList: reader.TokenType == JsonTokenType.StartArray);
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    place = place.Above!;
                    break;
                case JsonTokenType.PropertyName:
                    place.Key = TextOf(ref reader) ?? "";
                    break;
                case JsonTokenType.String:
                    var text = TextOf(ref reader);
                    if (replace(text, place) is { } replaced && replaced != text)
                    {
                        written ??= new ArrayBufferWriter<byte>(json.Length);
                        written.Write(json.Span[copied..(int)reader.TokenStartIndex]);
                        written.Write("\""u8);
                        written.Write(JsonEncodedText.Encode(replaced, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
                        written.Write("\""u8);
                        copied = (int)reader.BytesConsumed;
                    }

                    place.Before = text;
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
}

/// <summary>The object or list that a text is in.</summary>
public sealed class JsonPlace
{
    internal JsonPlace(JsonPlace? above, bool isList) => (Above, IsList) = (above, isList);

    /// <summary>Whether it is a list.</summary>
    public bool IsList { get; }

    /// <summary>The key of the text; null in a list.</summary>
    public string? Key { get; internal set; }

    /// <summary>The text before it in a list; null for the first one.</summary>
    public string? Before { get; internal set; }

    /// <summary>The key of the object or list; null for one in a list, and for the document.</summary>
    public string? Name => Above?.Key;

    /// <summary>The same of what that is in.</summary>
    public string? Parent => Above?.Name;

    internal JsonPlace? Above { get; }

    /// <summary>Whether it is the value of a key, or in that at any depth.</summary>
    public bool IsIn(string key)
    {
        for (var place = Above; place is not null; place = place.Above)
        {
            if (place.Key == key)
            {
                return true;
            }
        }

        return false;
    }
}
