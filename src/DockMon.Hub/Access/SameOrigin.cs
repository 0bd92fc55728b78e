namespace DockMon.Hub.Access;

/// <summary>
/// Refuses what a page of somebody else has a browser do: requests that change something, and WebSockets. A browser says where a request comes from;
/// a request that says nothing comes from a program, which has no cookie unless it was given one.
/// </summary>
internal static class SameOrigin
{
    public static bool Allows(HttpContext context)
    {
        var request = context.Request;
        if ((HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method))
            && request.Headers.Upgrade.Count == 0)
        {
            return true;
        }

        if (request.Headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site)
        {
            return site is "same-origin" or "none";
        }

        var origin = request.Headers.Origin.ToString();
        return origin.Length == 0
            || (Uri.TryCreate(origin, UriKind.Absolute, out var uri)
                && string.Equals(uri.Authority, Authority(request, uri), StringComparison.OrdinalIgnoreCase));
    }

    // The host without the port that the scheme has by itself. Whether TLS ended at a proxy, the proxy may not have said.
    private static string Authority(HttpRequest request, Uri origin) =>
        request.Host.Port is { } port && port == (origin.Scheme == "https" ? 443 : 80) ? request.Host.Host : request.Host.Value ?? "";
}
