using DockMon.Hub.Access.Audit;
using DockMon.Hub.Access.Oidc;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Access.SignIn;

namespace DockMon.Hub.Access;

/// <summary>Who may do what: users, tokens, roles, the gate in front of every endpoint, and the audit.</summary>
internal static class AccessServices
{
    public static void AddAccess(this IServiceCollection services, HubOptions options)
    {
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, AccessJson.Default));
        services.AddSingleton<Attempts>();
        services.AddSingleton<Passwords>();
        services.AddSingleton<Users>();
        services.AddSingleton<UserSessions>();
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<AccessChanges>();
        services.AddSingleton<HostTags>();
        services.AddSingleton<Accounts>();
        services.AddSingleton<SetupLink>();
        services.AddSingleton<Authenticator>();
        services.AddSingleton<AuditLog>();
        services.AddSingleton<RequestAudit>();
        services.AddSingleton<AccessGate>();
        services.AddSingleton<LiveRequests>();
        services.AddHostedService(provider => provider.GetRequiredService<LiveRequests>());
        services.AddHostedService<AuditRetention>();
        if (options.Oidc is { } oidc)
        {
            services.AddSingleton(oidc);
            services.AddSingleton<OidcFlows>();
            services.AddSingleton<OidcProvider>();
            services.AddSingleton<OidcApi>();
        }
    }

    /// <summary>The gate, after what answers errors and before every endpoint.</summary>
    public static async Task UseAccessAsync(this WebApplication app, CancellationToken ct)
    {
        await app.Services.GetRequiredService<SetupLink>().EnsureAsync(app.Lifetime, () => app.Urls, ct);
        app.Use(app.Services.GetRequiredService<AccessGate>().InvokeAsync);
        app.Use(ExplainAsync);
    }

    public static void MapAccess(this WebApplication app)
    {
        AccountApi.Map(app);
        UserApi.Map(app);
        AuditApi.Map(app);
        OidcApi.Map(app);
    }

    /// <summary>Answers for what is nobody's mistake in the code.</summary>
    private static async Task ExplainAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (BusyException e)
        {
            context.Response.Headers.RetryAfter = "2";
            await Results.Problem(e.Message, statusCode: StatusCodes.Status503ServiceUnavailable).ExecuteAsync(context);
        }
        catch (LastAdminException e)
        {
            await Results.Problem(e.Message, statusCode: StatusCodes.Status409Conflict, type: Api.Contract.ProblemTypes.Conflict).ExecuteAsync(context);
        }
    }
}
