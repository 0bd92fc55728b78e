using System.Text.Json;
using DockMon.Hub.Access.Audit;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Access.SignIn;

namespace DockMon.Hub.Access.Oidc;

/// <summary>Signing in with a provider of OpenID Connect: the way there and the way back, both followed by a browser.</summary>
internal sealed partial class OidcApi(OidcOptions options, OidcProvider provider, OidcFlows flows, Users users, AuditLog audit, ILogger<OidcApi> logger)
{
    private const string Back = "/api/oidc/callback";

    public static void Map(WebApplication app)
    {
        // The service provider as a parameter makes them handlers with a result.
        app.MapGet("/api/oidc/login", (HttpContext context, IServiceProvider services) =>
            services.GetService<OidcApi>() is { } api ? api.BeginAsync(context) : NoneAsync()).AllowAnyone().ExcludeFromDescription();
        app.MapGet(Back, (HttpContext context, IServiceProvider services) =>
            services.GetService<OidcApi>() is { } api ? api.EndAsync(context) : NoneAsync()).AllowAnyone().ExcludeFromDescription();
    }

    private static Task<IResult> NoneAsync() => Task.FromResult(
        Results.Problem("the hub has no provider to sign in with: HUB_OIDC_ISSUER is not set", statusCode: StatusCodes.Status404NotFound));

    private async Task<IResult> BeginAsync(HttpContext context)
    {
        if (AccountApi.InClear(context) is { } reason)
        {
            return Page(reason, StatusCodes.Status403Forbidden);
        }

        try
        {
            var (flow, cookie) = flows.Begin();
            var address = await provider.SignInAddressAsync(flow, Redirect(context), context.RequestAborted);
            context.Response.Cookies.Append(Cookie(context), cookie, CookieOptions(context));
            return Results.Redirect(address);
        }
        catch (OidcException e)
        {
            Log.Failed(logger, e.Message);
            return Page("The provider cannot be reached; the log of the hub says why.", StatusCodes.Status502BadGateway);
        }
    }

    private async Task<IResult> EndAsync(HttpContext context)
    {
        var ct = context.RequestAborted;
        var flow = flows.Find(context.Request.Query["state"], context.Request.Cookies[Cookie(context)]);
        context.Response.Cookies.Delete(Cookie(context), CookieOptions(context));
        if (flow is null || context.Request.Query["code"].ToString() is not { Length: > 0 } code)
        {
            return Page("This sign-in is over, was refused, or began in another browser: begin again.", StatusCodes.Status400BadRequest);
        }

        try
        {
            var claims = await provider.ExchangeAsync(flow, code, Redirect(context), ct);
            if (Text(claims, "sub") is not { Length: > 0 } subject)
            {
                throw new OidcException("the provider's token names nobody");
            }

            var name = Users.Normalize(Text(claims, "preferred_username") ?? Text(claims, "email")) ?? "user";
            if (options.Groups.FirstOrDefault(group => Groups(claims).Contains(group.Name)) is not { } group)
            {
                await audit.WriteAsync("user " + name, ClientAddress.Text(context), "sign in with the provider", "refused: in no group of HUB_OIDC_GROUPS", ct);
                return Page("You are in no group that may use this hub.", StatusCodes.Status403Forbidden);
            }

            var user = await users.SignedInElsewhereAsync($"{options.Issuer} {subject}", name, Roles.Parse(group.RoleName)!.Value, group.Tags, ct);
            context.RequestServices.GetRequiredService<AccessChanges>().TellAfter(context);
            await audit.WriteAsync("user " + user.Name, ClientAddress.Text(context), "sign in with the provider", "ok", ct);
            await AccountApi.BeginSessionAsync(context, context.RequestServices.GetRequiredService<UserSessions>(), user.Id);

            // A page and not a redirect: after one that began at the provider, a browser would not send the cookie.
            return Page("You are signed in.", StatusCodes.Status200OK);
        }
        catch (OidcException e)
        {
            Log.Failed(logger, e.Message);
            return Page("The provider's answer was not good; the log of the hub says why.", StatusCodes.Status502BadGateway);
        }
    }

    private static IEnumerable<string> Texts(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array => value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!),
        _ => [],
    };

    private HashSet<string> Groups(JsonElement claims) => claims.TryGetProperty(options.GroupsClaim, out var groups) ? [.. Texts(groups)] : [];

    private static string? Text(JsonElement claims, string name) => claims.TryGetProperty(name, out var value) ? Texts(value).FirstOrDefault() : null;

    private static string Redirect(HttpContext context) => $"{context.Request.Scheme}://{context.Request.Host}{Back}";

    private static string Cookie(HttpContext context) => SessionCookie.Name(context) + "-oidc";

    // Lax: it has to come back from the provider's site.
    private static CookieOptions CookieOptions(HttpContext context) => new()
    {
        HttpOnly = true,
        Secure = context.Request.IsHttps,
        SameSite = SameSiteMode.Lax,
        Path = "/",
        MaxAge = OidcFlows.Longest,
        IsEssential = true,
    };

    /// <summary>A page that says how it ended: who signs in this way looks at it with a browser.</summary>
    private static IResult Page(string text, int status) => Results.Content(
        $"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>DockMon hub</title>"
        + (status == StatusCodes.Status200OK ? "<meta http-equiv=\"refresh\" content=\"0;url=/\">" : "")
        + $"</head><body><p>{text}</p><p><a href=\"/\">To the hub</a></p></body></html>\n",
        "text/html; charset=utf-8",
        statusCode: status);

    private static partial class Log
    {
        [LoggerMessage(72, LogLevel.Warning, "A sign-in with the provider failed: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
