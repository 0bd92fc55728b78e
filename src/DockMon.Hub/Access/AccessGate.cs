using System.Globalization;
using DockMon.Hub.Access.Audit;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Api;
using DockMon.Hub.Api.Contract;

namespace DockMon.Hub.Access;

/// <summary>The one place that decides whether a request may be made: where it comes from, who makes it, their role, and which hosts they see.</summary>
internal sealed class AccessGate(Authenticator authenticator, HostTags hosts, RequestAudit audit, LiveRequests live)
{
    /// <summary>What the routes that concern one host begin with.</summary>
    public const string HostRoute = "/api/hosts/{id}";

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!SameOrigin.Allows(context))
        {
            await RefuseAsync(
                context,
                StatusCodes.Status403Forbidden,
                "the request comes from a page of another site; behind a proxy, see that it passes on Host");
            return;
        }

        var rule = context.GetEndpoint()?.Metadata.GetMetadata<AccessRule>() ?? AccessRule.Default;
        if (rule.Least is not { } least)
        {
            await next(context);
            return;
        }

        var (caller, wait) = await authenticator.IdentifyAsync(context);
        if (caller is null)
        {
            await AskAsync(context, wait);
            return;
        }

        var visible = await hosts.VisibleToAsync(caller, context.RequestAborted);
        context.Features.Set(caller);
        context.Features.Set(visible);
        least = RequestAudit.Reveals(context) && least < Role.Operator ? Role.Operator : least;
        if (caller.Role < least || (rule.IsGlobal && !caller.SeesAll))
        {
            await ForbidAsync(context, caller, rule, least);
        }
        else if (HostId(context) is { } host && !visible.Sees(host))
        {
            // As if it did not exist.
            await RefuseAsync(context, StatusCodes.Status404NotFound, $"there is no host {host}", ProblemTypes.HostNotFound);
        }
        else
        {
            await LetAsync(context, caller, visible, next);
        }
    }

    private async Task LetAsync(HttpContext context, Caller caller, VisibleHosts visible, RequestDelegate next)
    {
        using var watched = live.Watch(context, caller, visible);
        if (!RequestAudit.Needs(context))
        {
            await next(context);
            return;
        }

        await audit.RunAsync(
            context,
            null,
            async () =>
            {
                await next(context);
                return context.Response.StatusCode;
            },
            RequestAudit.Outcome);
    }

    private async Task ForbidAsync(HttpContext context, Caller caller, AccessRule rule, Role least)
    {
        var reason = caller.Role < least ? $"this takes the role {least.Name()}, and {caller.Who} is {caller.Role.Name()}"
            : $"this concerns all hosts, and {caller.Who} sees only those with the tags {string.Join(", ", caller.Tags)}";
        if (RequestAudit.Needs(context) && context.GetEndpoint() is not null)
        {
            await audit.RefusedAsync(context, caller, reason);
        }

        await RefuseAsync(context, StatusCodes.Status403Forbidden, reason);
    }

    private static Task AskAsync(HttpContext context, TimeSpan wait)
    {
        if (wait > TimeSpan.Zero)
        {
            return TooSoonAsync(context, wait);
        }

        context.Response.Headers.WWWAuthenticate = "Bearer";
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return Task.CompletedTask;
    }

    private static Task TooSoonAsync(HttpContext context, TimeSpan wait)
    {
        var seconds = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        context.Response.Headers.RetryAfter = seconds;
        return RefuseAsync(context, StatusCodes.Status429TooManyRequests, $"too many wrong keys from this address: try again in {seconds} s");
    }

    private static Task RefuseAsync(HttpContext context, int status, string reason, string? type = null) =>
        Results.Problem(reason, statusCode: status, type: type).ExecuteAsync(context);

    private static string? HostId(HttpContext context) =>
        context.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } route }
            && (route == HostRoute || route.StartsWith(HostRoute + "/", StringComparison.Ordinal))
            ? context.Request.RouteValues["id"] as string : null;
}
