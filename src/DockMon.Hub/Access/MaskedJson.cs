using System.IO.Enumeration;
using System.Text.RegularExpressions;
using DockMon.Hub.Access.Audit;
using DockMon.Protocol;

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

    public int? StatusCode => StatusCodes.Status200OK;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        await httpContext.Response.Body.WriteAsync(RequestAudit.Reveals(httpContext) ? json : Of(json), httpContext.RequestAborted);
    }

    /// <summary>The JSON without secrets.</summary>
    public static ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> json)
    {
        var mayHave = json.Span.IndexOf("\"Env\""u8) >= 0 || json.Span.IndexOf("://"u8) >= 0
            || json.Span.IndexOf("\\/"u8) >= 0 || json.Span.IndexOf("\\u"u8) >= 0;
        return mayHave ? JsonTexts.Replace(json, MaskedText) : json;
    }

    /// <returns>Null for what cannot be read and is no variable.</returns>
    private static string? MaskedText(string? text, JsonPlace place)
    {
        var isVariable = place.IsIn("Env");
        if (text is null)
        {
            return isVariable ? Mask : null;
        }

        if (isVariable)
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

    // Everything up to the last @ of the authority: a password may have one in it.
    [GeneratedRegex(@"(://[^\s/?#:@]*:)[^\s/?#]+@", RegexOptions.CultureInvariant)]
    private static partial Regex PasswordInUrl();
}
