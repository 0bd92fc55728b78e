using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Access.SignIn;
using DockMon.Hub.Api;
using DockMon.Hub.Api.Contract;

namespace DockMon.Hub.Access;

/// <summary>Endpoints for users, tokens of the API, and tags of hosts.</summary>
internal static class UserApi
{
    private const string RoleComplaint = "role must be viewer, operator or admin";

    public static void Map(WebApplication app)
    {
        var users = app.MapGroup("/api/users").AllowGlobal(Role.Admin).AddEndpointFilter(AccessChanges.TellAsync);
        users.MapGet("", async (Users all, CancellationToken ct) => (IReadOnlyList<UserAnswer>)[.. (await all.ListAsync(ct)).Select(Show)])
            .WithSummary("The users.");
        users.MapPost("", AddAsync).Produces<UserAnswer>().ProducesProblem(StatusCodes.Status409Conflict).WithSummary("Adds a user.");
        users.MapPut("/{name}", ChangeAsync).Produces<UserAnswer>().ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Changes role and tags of a user, whose sessions end.");
        users.MapDelete("/{name}", RemoveAsync)
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Removes a user.");
        users.MapPut("/{name}/password", SetPasswordAsync)
            .Produces(StatusCodes.Status204NoContent)
            .WithSummary("Sets a new password for a user who forgot it: the sessions end, and the authenticator app is forgotten.");
        var tokens = app.MapGroup("/api/access-tokens").AllowGlobal(Role.Admin).AddEndpointFilter(AccessChanges.TellAsync);
        tokens.MapGet("", async (AccessTokens all, CancellationToken ct) => (IReadOnlyList<AccessToken>)await all.ListAsync(ct))
            .WithSummary("Tokens for programs that use the API, without their values.");
        tokens.MapPost("", AddTokenAsync).Produces<NewAccessToken>().WithSummary("Creates a token for a program. Its value is shown this once.");
        tokens.MapDelete("/{token}", async (AccessTokens all, string token, CancellationToken ct) =>
            await all.DeleteAsync(token, ct) ? Results.NoContent() : Missing("token", token))
            .Produces(StatusCodes.Status204NoContent).WithSummary("Deletes a token. Its streams and shells end.");
        app.MapPut("/api/hosts/{id}/tags", SetTagsAsync).Produces(StatusCodes.Status204NoContent).AddEndpointFilter(HostApi.ExistsAsync)
            .AddEndpointFilter(AccessChanges.TellAsync).AllowGlobal(Role.Admin)
            .WithSummary("Replaces the tags of a host.");
    }

    private static UserAnswer Show(User user) => new(user.Id, user.Name, user.Role.Name(), user.Tags, user.Totp is not null, user.CreatedAt);

    private static async Task<IResult> AddAsync(UserRequest request, Users users, Accounts accounts, CancellationToken ct)
    {
        var name = Users.Normalize(request.Name);
        var role = Roles.Parse(request.Role);
        var complaint = name is null ? AccountApi.NameComplaint : role is null ? RoleComplaint
            : Tags.Complaint(request.Tags) ?? Passwords.Complaint(request.Password, name);
        if (complaint is not null)
        {
            return Bad(complaint);
        }

        var hash = await accounts.HashAsync(request.Password!, ct);
        return await users.AddAsync(name!, role!.Value, request.Tags ?? [], hash, asFirst: false, ct) is { } user
            ? Results.Ok(Show(user))
                : Results.Problem($"there is a user {name} already", statusCode: StatusCodes.Status409Conflict, type: ProblemTypes.Conflict);
    }

    private static async Task<IResult> ChangeAsync(string name, UserRequest request, Users users, CancellationToken ct)
    {
        if (await users.FindAsync(name, ct) is not { } user)
        {
            return Missing("user", name);
        }

        var role = request.Role is null ? user.Role : Roles.Parse(request.Role);
        if ((role is null ? RoleComplaint : Tags.Complaint(request.Tags)) is { } complaint)
        {
            return Bad(complaint);
        }

        await users.ChangeAsync(user.Id, role!.Value, request.Tags ?? user.Tags, ct);
        return Results.Ok(Show((await users.FindByIdAsync(user.Id, ct))!));
    }

    private static async Task<IResult> RemoveAsync(string name, Users users, CancellationToken ct)
    {
        if (await users.FindAsync(name, ct) is not { } user)
        {
            return Missing("user", name);
        }

        await users.RemoveAsync(user.Id, ct);
        return Results.NoContent();
    }

    private static async Task<IResult> SetPasswordAsync(string name, NewPasswordRequest request, Users users, Accounts accounts, CancellationToken ct)
    {
        if (await users.FindAsync(name, ct) is not { } user)
        {
            return Missing("user", name);
        }

        if (Passwords.Complaint(request.Password, user.Name) is { } complaint)
        {
            return Bad(complaint);
        }

        await users.SetPasswordAsync(user.Id, await accounts.HashAsync(request.Password!, ct), withoutApp: true, ct);
        return Results.NoContent();
    }

    private static async Task<IResult> AddTokenAsync(HttpContext context, AccessTokenRequest request, AccessTokens tokens)
    {
        var role = Roles.Parse(request.Role);
        var name = request.Name?.Trim() ?? "";
        var complaint = name.Length is 0 or > 100 || name.Any(char.IsControl) ? "name must have from 1 to 100 characters" : role is null ? RoleComplaint
            : request.Days is < 1 or > 3650 ? "days must be from 1 to 3650, or missing for a token that does not expire" : Tags.Complaint(request.Tags);
        if (complaint is not null)
        {
            return Bad(complaint);
        }

        var lifetime = request.Days is { } days ? TimeSpan.FromDays(days) : (TimeSpan?)null;
        return await tokens.CreateAsync(name, role!.Value, request.Tags ?? [], lifetime, Caller.Of(context).Who, context.RequestAborted) is var (token, value)
            ? Results.Ok(new NewAccessToken(token, value)) : Bad($"there are {AccessTokens.Most} tokens already: delete one");
    }

    private static async Task<IResult> SetTagsAsync(string id, TagsRequest request, HostTags hosts, CancellationToken ct)
    {
        if (request.Tags is null || Tags.Complaint(request.Tags) is not null)
        {
            return Bad(Tags.Complaint(request.Tags) ?? "the body must have tags: a list, which may be empty");
        }

        await hosts.ReplaceAsync(id, request.Tags, ct);
        return Results.NoContent();
    }

    private static IResult Missing(string kind, string name) => Results.Problem($"there is no {kind} {name}", statusCode: StatusCodes.Status404NotFound);

    private static IResult Bad(string reason) => Results.Problem(reason, statusCode: StatusCodes.Status400BadRequest);
}
