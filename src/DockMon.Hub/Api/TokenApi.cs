using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Storage.Tables;

namespace DockMon.Hub.Api;

/// <summary>Endpoints of registration tokens.</summary>
internal static class TokenApi
{
    public static void Map(WebApplication app)
    {
        app.MapPost("/api/tokens", async (ITokens tokens, NewTokenRequest? request, CancellationToken ct) =>
            request?.MaxUses is < 1 or > 10_000
                ? Results.Problem("max_uses must be from 1 to 10000", statusCode: StatusCodes.Status400BadRequest)
                : Results.Ok(await tokens.CreateAsync(request?.MaxUses ?? 1, ct)))
            .Produces<NewToken>()
            .AllowGlobal(Role.Admin)
            .WithSummary("Creates a registration token, valid for 15 minutes.");
        app.MapGet("/api/tokens", (ITokens tokens, CancellationToken ct) => tokens.ListAsync(ct)).AllowGlobal(Role.Admin)
            .WithSummary("Registration tokens, without their values.");
        app.MapDelete("/api/tokens/{id}", async (ITokens tokens, string id, CancellationToken ct) =>
            await tokens.DeleteAsync(id, ct) ? Results.NoContent() : Results.Problem($"there is no token {id}", statusCode: StatusCodes.Status404NotFound))
                .Produces(StatusCodes.Status204NoContent).AllowGlobal(Role.Admin).WithSummary("Deletes a registration token.");
    }
}
