using System.Net;
using DockMon.Protocol;

namespace DockMon.Agent.Streams.HealthChecks;

/// <summary>
/// Where a checked service may lead its check. It is the service that decides: one that is evil would have the agent ask whatever the agent alone can
/// reach, and show it the credentials that were meant for the service.
/// </summary>
internal static class HealthRedirect
{
    /// <summary>Most redirects that are followed, one after the other.</summary>
    public const int Most = 10;

    /// <summary>Finds out where an answer leads.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="from">What was asked.</param>
    /// <returns>The address to ask next; or why the answer's is not asked; or neither, when it has none.</returns>
    public static (Uri? Next, string? WhyNot) Find(HttpResponseMessage response, Uri from)
    {
        if (response.StatusCode is not (HttpStatusCode.MultipleChoices or HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther
            or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect) || response.Headers.Location is not { } location)
        {
            return default;
        }

        var next = location.IsAbsoluteUri ? location : new Uri(from, location);
        return next.Scheme is not ("http" or "https") || (from.Scheme == "https" && next.Scheme == "http")
                ? (null, $"it leads from {from.Scheme} to {Visible.Cut(next.Scheme, 20)}, which is not followed")
            : !next.Host.Equals(from.Host, StringComparison.OrdinalIgnoreCase)
                ? (null, $"it leads to another host, {Visible.Cut(next.Host, 100)}, which is not followed: check that one itself")
            : (next, null);
    }

    /// <summary>Whether what is asked next is what the credentials were given for, or the same with TLS.</summary>
    public static bool IsSameService(Uri configured, Uri next) =>
        configured.Port == next.Port ? configured.Scheme == next.Scheme : configured is { Scheme: "http", Port: 80 } && next is { Scheme: "https", Port: 443 };

    /// <summary>The method to ask with: as browsers have it, and .NET.</summary>
    public static HttpMethod Method(HttpMethod asked, HttpStatusCode status) => status switch
    {
        HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect => asked,
        HttpStatusCode.SeeOther => asked == HttpMethod.Head ? asked : HttpMethod.Get,
        _ => asked == HttpMethod.Post ? HttpMethod.Get : asked,
    };
}
