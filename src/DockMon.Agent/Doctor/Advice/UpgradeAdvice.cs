using DockMon.Agent.Connection.Dialing;
using DockMon.Protocol;

namespace DockMon.Agent.Doctor.Advice;

/// <summary>The remedies for a server that answers the request for a WebSocket with an HTTP status.</summary>
internal static class UpgradeAdvice
{
    /// <summary>The remedy for a status.</summary>
    /// <param name="status">The status.</param>
    /// <param name="location">The target of a redirect, where there is one.</param>
    /// <param name="endpoint">The address that was requested.</param>
    public static string Remedy(int status, Uri? location, Uri endpoint) => status switch
    {
        404 => $"DockMon is not at this address: check host and port in DOCKMON_URL, and the path prefix if it has one (the agent requests "
            + $"DOCKMON_URL/{ProtocolLimits.ControlPath})",
        401 or 403 => $"what answers at {endpoint.AbsolutePath} wants a login: if the path in DOCKMON_URL is wrong, correct it; if something in front "
            + "of DockMon does (a proxy with authentication, a firewall), "
            + $"let /{ProtocolLimits.ControlPath} and /{ProtocolLimits.StatsPath} pass without one; agents have tokens of their own",
        >= 300 and < 400 => location is null
            ? "the server redirects without saying where: check DOCKMON_URL"
            : $"the server redirects to {Server(location, endpoint)}: write that address in DOCKMON_URL, or, if it is a login page, let "
                + $"/{ProtocolLimits.ControlPath} pass without one",
        400 or 426 => "the request arrived without its Upgrade header, or without TLS on a TLS port: let the proxy in front of DockMon pass "
            + "WebSockets on (nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; "
            + "proxy_set_header Connection \"upgrade\";), and write wss:// if the port speaks TLS",
        >= 200 and < 300 => "what answers there is a web page, not DockMon, or a proxy that does not pass WebSockets on: check host, port and path in "
            + "DOCKMON_URL, and the proxy's WebSocket settings",
        407 => "the proxy wants a password: write it into the proxy's variable (http://USER:PASSWORD@HOST:PORT)",
        429 => "the server got too many requests: wait a minute; if it goes on, raise the limit for agents on the proxy in front of DockMon",
        502 or 503 or 504 => "the proxy in front of DockMon answers, and DockMon behind it does not: start DockMon, or correct the proxy's target",
        _ => "see the server's log",
    };

    /// <summary>The target of a redirect as DOCKMON_URL would have it: the agent appends the control socket's path itself.</summary>
    private static string Server(Uri location, Uri endpoint)
    {
        var target = Dialer.Elsewhere(location, endpoint);
        var server = target.TrimEnd('/');
        const string Path = "/" + ProtocolLimits.ControlPath;
        return server.EndsWith(Path, StringComparison.Ordinal) ? server[..^Path.Length] : target;
    }
}
