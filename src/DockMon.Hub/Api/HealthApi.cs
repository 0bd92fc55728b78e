using System.Data.Common;
using DockMon.Hub.Access.Oidc;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Bus;
using DockMon.Hub.Storage;

namespace DockMon.Hub.Api;

/// <summary>Endpoints of the hub's own health.</summary>
internal static class HealthApi
{
    private const string Ok = "ok";
    private const string Down = "down";

    private static readonly TimeSpan DatabaseLimit = TimeSpan.FromSeconds(2);

    public static void Map(WebApplication app)
    {
        app.MapGet("/health", ShowAsync).AllowAnyone()
            .WithSummary("Health of the hub, of its database and of the bus between hubs, and whether one can sign in with a provider. Needs no key.");
        app.MapGet("/health/ready", ReadyAsync)
            .Produces<HealthAnswer>()
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .AllowAnyone()
            .WithSummary("Whether the hub can be sent requests and agents: 503 while its database does not answer, and when it stops. Needs no key.");
    }

    private static async Task<HealthAnswer> ShowAsync(
        Database database, HubLink link, HubIdentity self, TimeProvider time, IServiceProvider services, CancellationToken ct) =>
        new(
            Ok,
            HubApplication.Version,
            await AnswersAsync(database, time, ct) ? Ok : Down,
            self.IsAlone ? null : link.IsUp ? Ok : Down,
            services.GetService<OidcOptions>() is not null);

    private static async Task<IResult> ReadyAsync(
        Database database, HubLink link, HubIdentity self, IHostApplicationLifetime lifetime, TimeProvider time, IServiceProvider services,
        CancellationToken ct)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return Results.Problem("the hub is stopping", statusCode: StatusCodes.Status503ServiceUnavailable);
        }

        var health = await ShowAsync(database, link, self, time, services, ct);
        return health.Database == Ok ? TypedResults.Ok(health)
            : Results.Problem("the database does not answer", statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<bool> AnswersAsync(Database database, TimeProvider time, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(DatabaseLimit, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            return await database.QueryAsync("SELECT 1", row => row.GetInt32(0), ended.Token) is [1];
        }
        catch (Exception e) when (e is DbException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return false;
        }
    }
}
