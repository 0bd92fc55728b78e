using System.Buffers;
using System.IO.Enumeration;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace DockMon.Hub.Access;

/// <summary>
/// JSON of an agent as an answer of the API. Secrets among the environment variables of containers, found by their names, and passwords in URLs are masked
/// unless the request asks for them; only an operator may. Every other byte stays as it is.
/// </summary>
/// <param name="json">One JSON value in UTF-8.</param>
internal sealed partial class MaskedJson(ReadOnlyMemory<byte> json) : IResult, IStatusCodeHttpResult
{
    /// <summary>Stands for a secret.</summary>
    public const string Mask = "(hidden)";

    private static readonly string[] Secrets = ["*PASS*", "*PWD*", "*SECRET*", "*TOKEN*", "*KEY*", "*CRED*", "*AUTH*", "*PRIVATE*"];

    private static readonly JsonReaderOptions Options = new() { MaxDepth = 256 };

    public int? StatusCode => StatusCodes.Status200OK;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        await httpContext.Response.Body.WriteAsync(RequestAudit.Reveals(httpContext) ? json : Of(json), httpContext.RequestAborted);
    }

    /// <summary>The JSON without secrets.</summary>
    public static ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> json)
    {
        if (json.Span.IndexOf("\"Env\""u8) < 0 && json.Span.IndexOf("://"u8) < 0 && json.Span.IndexOf("\\/"u8) < 0 && json.Span.IndexOf("\\u"u8) < 0)
        {
            return json;
        }

        var reader = new Utf8JsonReader(json.Span, Options);
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
                    place = new Place(IsEnvironment: place.IsEnvironment || place.Key == "Env", null);
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    place = open.Pop();
                    break;
                case JsonTokenType.PropertyName:
                    place = place with { Key = TextOf(ref reader) };
                    break;
                case JsonTokenType.String when TextOf(ref reader) is var text && MaskedText(text, place) is { } masked && masked != text:
                    written ??= new ArrayBufferWriter<byte>(json.Length);
                    written.Write(json.Span[copied..(int)reader.TokenStartIndex]);
                    written.Write("\""u8);
                    written.Write(JsonEncodedText.Encode(masked, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
                    written.Write("\""u8);
                    copied = (int)reader.BytesConsumed;
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

    /// <returns>Null for what cannot be read and is no variable.</returns>
    private static string? MaskedText(string? text, Place place)
    {
        if (text is null)
        {
            return place.IsEnvironment ? Mask : null;
        }

        if (place.IsEnvironment)
        {
            // NAME=value in a list, or name and value in an object.
            var end = place.Key is null ? text.IndexOf('=', StringComparison.Ordinal) : -1;
            var (name, value) = place.Key is { } key ? (key, text) : end < 0 ? (text, "") : (text[..end], text[(end + 1)..]);
            if (value.Length > 0 && Array.Exists(Secrets, pattern => FileSystemName.MatchesSimpleExpression(pattern, name)))
            {
                return text[..(end + 1)] + Mask;
            }
        }

        return text.Contains("://", StringComparison.Ordinal) ? PasswordInUrl().Replace(text, "$1" + Mask + "@") : text;
    }

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

    // Everything up to the last @ of the authority: a password may have one in it.
    [GeneratedRegex(@"(://[^\s/?#:@]*:)[^\s/?#]+@", RegexOptions.CultureInvariant)]
    private static partial Regex PasswordInUrl();

    /// <summary>Where the reader is.</summary>
    /// <param name="IsEnvironment">Whether it is in environment variables.</param>
    /// <param name="Key">The key before the next value of an object; null in a list.</param>
    private readonly record struct Place(bool IsEnvironment, string? Key);
}
