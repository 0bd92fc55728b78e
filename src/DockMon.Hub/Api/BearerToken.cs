namespace DockMon.Hub.Api;

/// <summary>The token of an <c>Authorization: Bearer</c> header.</summary>
internal static class BearerToken
{
    private const string Scheme = "Bearer ";

    /// <returns>Null when there is none. The scheme counts in any case, as HTTP has it.</returns>
    public static string? Read(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..] : null;
    }
}
