using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using DockMon.Agent.Json;

namespace DockMon.Agent.Streams.HealthChecks;

/// <summary>The two parts of a health check that come as JSON in a text, and hold secrets: no error says what was in them.</summary>
internal static class HealthCredentials
{
    /// <summary>Reads a JSON object of header names to values.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static IReadOnlyList<KeyValuePair<string, string>> Headers(string? json)
    {
        var headers = new List<KeyValuePair<string, string>>();
        if (Object("headers_json", json) is not { } fields)
        {
            return headers;
        }

        foreach (var field in fields.EnumerateObject())
        {
            var value = field.Value.ValueKind == JsonValueKind.String ? field.Value.GetString()! : field.Value.GetRawText();
            if (field.Name.Length == 0 || !field.Name.All(IsNameCharacter) || value.AsSpan().ContainsAny('\r', '\n', '\0'))
            {
                throw new FormatException("headers_json has a header that HTTP does not allow");
            }

            headers.Add(new(field.Name, value));
        }

        return headers;
    }

    /// <summary>Reads a JSON object of type <c>basic</c> or <c>bearer</c>; null when there is none.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static AuthenticationHeaderValue? Authorization(string? json)
    {
        if (Object("auth_config_json", json) is not { } fields || !fields.EnumerateObject().Any())
        {
            return null;
        }

        return fields.GetText("type").ToLowerInvariant() switch
        {
            "basic" => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{fields.GetText("username")}:{fields.GetText("password")}"))),
            "bearer" when fields.GetText("token") is { Length: > 0 } token && !token.AsSpan().ContainsAny('\r', '\n', '\0') => new("Bearer", token),
            "bearer" => throw new FormatException("auth_config_json has no token that HTTP allows"),
            "none" => null,
            _ => throw new FormatException("auth_config_json is of no known type: basic or bearer"),
        };
    }

    private static JsonElement? Object(string name, string? json)
    {
        if (string.IsNullOrWhiteSpace(json))
        {
            return null;
        }

        try
        {
            var value = JsonElement.Parse(json);
            value.EnsureTexts();
            return value.ValueKind switch
            {
                JsonValueKind.Object => value,
                JsonValueKind.Null => null,
                _ => throw new FormatException($"{name} is not a JSON object"),
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException($"{name} is not JSON");
        }
    }

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal);
}
