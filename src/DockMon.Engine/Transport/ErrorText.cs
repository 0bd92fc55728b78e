using System.Text;
using System.Text.Json;

namespace DockMon.Engine;

/// <summary>The one line that says what went wrong, out of an error answer.</summary>
internal static class ErrorText
{
    public static string From(ReadOnlySpan<byte> body, HttpResponseMessage response)
    {
        var text = MessageOf(body) ?? FirstLine(body);
        return text.Length > 0 ? text : $"the Docker engine answered {(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd();
    }

    private static string? MessageOf(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, EngineJson.Default.ErrorBody)?.Message?.Trim() is { Length: > 0 } text ? text : null;
        }
        catch (JsonException)
        {
            // A proxy in between, or the daemon's own web server, answers in plain text.
            return null;
        }
    }

    private static string FirstLine(ReadOnlySpan<byte> body)
    {
        var text = Encoding.UTF8.GetString(body).Trim();
        return text.AsSpan().IndexOfAny('\r', '\n') is var end and >= 0 ? text[..end] : text;
    }
}
