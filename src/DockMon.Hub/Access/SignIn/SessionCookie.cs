using System.Globalization;
using System.Net;

namespace DockMon.Hub.Access.SignIn;

/// <summary>
/// The cookie of a session. With TLS its name says that only this host may have set it (<c>__Host-</c>). Without, which is for this machine only, the name
/// has the port: cookies do not know ports, and two hubs on one machine would sign each other out.
/// </summary>
internal static class SessionCookie
{
    private static readonly string[] Forwarding = ["X-Forwarded-For", "X-Real-IP", "Forwarded"];

    public static string Name(HttpContext context) => context.Request.IsHttps ? "__Host-dockmon"
        : string.Create(CultureInfo.InvariantCulture, $"dockmon-{context.Connection.LocalPort}");

    public static string? Read(HttpContext context) => context.Request.Cookies[Name(context)] is { Length: 64 } secret ? secret : null;

    public static void Write(HttpContext context, string secret) =>
        context.Response.Cookies.Append(Name(context), secret, Options(context, UserSessions.Longest));

    public static void Delete(HttpContext context) => context.Response.Cookies.Delete(Name(context), Options(context, null));

    /// <summary>Whether a password or a cookie may travel this way: by TLS, or within this machine.</summary>
    public static bool IsSafe(HttpContext context) => context.Request.IsHttps || IsOfThisMachine(context);

    // Through a proxy that is not named, which leaves these headers in place, a request may come from anywhere.
    private static bool IsOfThisMachine(HttpContext context) =>
        (context.Connection.RemoteIpAddress is not { } address || IPAddress.IsLoopback(address)) && !Forwarding.Any(context.Request.Headers.ContainsKey);

    private static CookieOptions Options(HttpContext context, TimeSpan? age) => new()
    {
        HttpOnly = true,
        Secure = context.Request.IsHttps,
        SameSite = SameSiteMode.Strict,
        Path = "/",
        MaxAge = age,
        IsEssential = true,
    };
}
