using System.Text.Json;
using System.Text.Json.Serialization;

namespace DockMon.Engine;

/// <summary>Makes the value of X-Registry-Auth.</summary>
internal static class RegistryAuth
{
    /// <summary>The value for a name and a password, or null when there is no name.</summary>
    public static string? Encode(string? username, string? password, string registry)
    {
        if (string.IsNullOrEmpty(username))
        {
            return null;
        }

        var body = new RegistryAuthBody(username, password ?? "", registry);
        var json = JsonSerializer.SerializeToUtf8Bytes(body, EngineJson.Default.RegistryAuthBody);

        // Engines read the URL-safe alphabet with its padding.
        return Convert.ToBase64String(json).Replace('+', '-').Replace('/', '_');
    }
}

internal sealed record RegistryAuthBody(
    [property: JsonPropertyName("username")] string Username,
    [property: JsonPropertyName("password")] string Password,
    [property: JsonPropertyName("serveraddress")] string ServerAddress);
