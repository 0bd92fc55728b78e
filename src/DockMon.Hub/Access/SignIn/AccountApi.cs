using System.Globalization;
using DockMon.Hub.Access.Audit;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Api.Contract;

namespace DockMon.Hub.Access.SignIn;

/// <summary>Endpoints for signing in and out, and for what users change of their own.</summary>
internal static class AccountApi
{
    public static void Map(WebApplication app)
    {
        app.MapPost("/api/setup", SetUpAsync)
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status429TooManyRequests).AllowAnyone()
            .WithSummary("Makes the first user, with the token of the set-up link.");
        app.MapPost("/api/login", SignInAsync)
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .AllowAnyone()
            .WithSummary("Signs in: sets the cookie of a session. With an authenticator app, the body needs a code.");
        app.MapPost("/api/logout", SignOutAsync).Produces(StatusCodes.Status204NoContent).Allow(Role.Viewer).WithSummary("Ends the session.")
            .AddEndpointFilter(AccessChanges.TellAsync);
        var me = app.MapGroup("/api/me").Allow(Role.Viewer).AddEndpointFilter(AccessChanges.TellAsync);
        me.MapGet("", MeAsync).WithSummary("Who the caller is, and what they may do.");
        me.MapPut("/password", ChangePasswordAsync).Produces(StatusCodes.Status204NoContent).WithSummary("Changes the password. All other sessions end.");
        me.MapPost("/app", BeginAppAsync).Produces<AppAnswer>().ProducesProblem(StatusCodes.Status400BadRequest)
            .WithSummary("A secret for an authenticator app. It counts once it was confirmed.");
        me.MapPut("/app", ConfirmAppAsync)
            .Produces<RecoveryAnswer>()
            .WithSummary("Confirms an authenticator app with its secret and a code. Answers recovery codes, this once.");
        me.MapDelete("/app", RemoveAppAsync).Produces(StatusCodes.Status204NoContent).WithSummary("Forgets the authenticator app.");
        me.MapGet("/sessions", ListSessionsAsync).Produces<IReadOnlyList<SessionAnswer>>().ProducesProblem(StatusCodes.Status400BadRequest)
            .WithSummary("The caller's sessions.");
        me.MapDelete("/sessions/{session}", EndSessionAsync)
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .WithSummary("Ends a session of the caller.");
    }

    /// <summary>The first user; null with the reason if there will be none.</summary>
    public static async Task<string?> MakeFirstAsync(HttpContext context, SetupLink link, Users users, Accounts accounts, SetupRequest request)
    {
        var services = context.RequestServices;
        var attempts = services.GetRequiredService<Attempts>();
        if (attempts.Begin(Attempts.Address(context)) > TimeSpan.Zero)
        {
            return "too many wrong tries: wait a few minutes";
        }

        if (!link.Matches(request.Token))
        {
            attempts.Tell(Attempts.Address(context), "set-up link");
            return "this link is not good any more: it is made at a start of the hub without users, and used once. The log has the present one";
        }

        attempts.Right(Attempts.Address(context));
        var name = Users.Normalize(request.Name);
        if (name is null || Passwords.Complaint(request.Password, name) is not null)
        {
            return name is null ? NameComplaint : Passwords.Complaint(request.Password, name);
        }

        var password = await accounts.HashAsync(request.Password!, context.RequestAborted);
        if (await users.AddAsync(name, Role.Admin, [], password, asFirst: true, context.RequestAborted) is null)
        {
            link.Close();
            return "there is a user already: sign in, or make another one with dockmon-hub user add";
        }

        link.Close();
        await services.GetRequiredService<AuditLog>().WriteAsync("user " + name, ClientAddress.Text(context), "first user", "ok", context.RequestAborted);
        return null;
    }

    public const string NameComplaint = "a name has at most 64 letters, digits, dots, dashes, underscores and @, and begins with a letter or digit";

    /// <summary>The problem of a password or cookie that would travel in clear; null if it is safe.</summary>
    public static string? InClear(HttpContext context) => SessionCookie.IsSafe(context) ? null
        : "signing in takes TLS, and this request came without: set HUB_TLS=self-signed or a certificate; behind a proxy with TLS, name it in "
            + "HUB_TRUSTED_PROXIES";

    /// <summary>The answer to a refused password.</summary>
    public static IResult Refuse(HttpContext context, Checked result)
    {
        if (result.Refusal != Refusal.TooSoon)
        {
            return result.Refusal == Refusal.CodeMissing
                ? Results.Problem(
                    "a code of the authenticator app, or a recovery code, is needed",
                    statusCode: StatusCodes.Status401Unauthorized,
                    type: ProblemTypes.CodeRequired)
                : Results.Problem("the name, the password or the code is wrong", statusCode: StatusCodes.Status401Unauthorized);
        }

        var seconds = Math.Ceiling(result.Wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        context.Response.Headers.RetryAfter = seconds;
        return Results.Problem($"too many wrong tries: try again in {seconds} s", statusCode: StatusCodes.Status429TooManyRequests);
    }

    private static async Task<IResult> SetUpAsync(HttpContext context, SetupRequest request, SetupLink link, Users users, Accounts accounts) =>
        (InClear(context) ?? await MakeFirstAsync(context, link, users, accounts, request)) is { } reason ? Bad(reason) : Results.NoContent();

    private static async Task<IResult> SignInAsync(HttpContext context, SignInRequest request, Accounts accounts, UserSessions sessions)
    {
        if (InClear(context) is { } reason)
        {
            return Results.Problem(reason, statusCode: StatusCodes.Status403Forbidden);
        }

        var result = await accounts.SignInAsync(context, request);
        if (result.Refusal != Refusal.None)
        {
            return Refuse(context, result);
        }

        await BeginSessionAsync(context, sessions, result.User!.Id);
        return Results.NoContent();
    }

    /// <summary>Begins a session and sets its cookie.</summary>
    public static async Task BeginSessionAsync(HttpContext context, UserSessions sessions, string userId) =>
        SessionCookie.Write(
            context, await sessions.BeginAsync(userId, ClientAddress.Text(context), context.Request.Headers.UserAgent.ToString(), context.RequestAborted));

    private static async Task<IResult> SignOutAsync(HttpContext context, UserSessions sessions)
    {
        if (Caller.Of(context) is { UserId: { } user, SessionId: { } session })
        {
            await sessions.EndAsync(user, session, context.RequestAborted);
            SessionCookie.Delete(context);
        }

        return Results.NoContent();
    }

    private static async Task<MeAnswer> MeAsync(HttpContext context, Users users)
    {
        var caller = Caller.Of(context);
        var user = caller.UserId is { } id ? await users.FindByIdAsync(id, context.RequestAborted) : null;
        return new MeAnswer(
            caller.Who,
            caller.Role.Name(),
            caller.Tags,
            user?.Name,
            user is null ? null : user.Password is not null,
            user is null ? null : user.Totp is not null);
    }

    private static async Task<IResult> ChangePasswordAsync(HttpContext context, PasswordRequest request, Users users, Accounts accounts, UserSessions sessions)
    {
        if (await UserAsync(context, users) is not { } user)
        {
            return NoUser();
        }

        if (Passwords.Complaint(request.New, user.Name) is { } complaint)
        {
            return Bad(complaint);
        }

        var result = await accounts.ConfirmAsync(context, user, request.Current);
        if (result.Refusal != Refusal.None)
        {
            return Refuse(context, result);
        }

        await users.SetPasswordAsync(user.Id, await accounts.HashAsync(request.New!, context.RequestAborted), withoutApp: false, context.RequestAborted);
        await BeginSessionAsync(context, sessions, user.Id);
        return Results.NoContent();
    }

    private static async Task<IResult> BeginAppAsync(HttpContext context, Users users)
    {
        if (await UserAsync(context, users) is not { } user)
        {
            return NoUser();
        }

        var secret = Accounts.NewSecret();
        return Results.Ok(new AppAnswer(Convert.ToHexStringLower(secret), Totp.Address(user.Name, secret)));
    }

    private static async Task<IResult> ConfirmAppAsync(HttpContext context, ConfirmRequest request, Users users, Accounts accounts, TimeProvider time)
    {
        if (await UserAsync(context, users) is not { } user)
        {
            return NoUser();
        }

        var result = await accounts.ConfirmAsync(context, user, request.Password);
        if (result.Refusal != Refusal.None)
        {
            return Refuse(context, result);
        }

        if (request.Secret is not { Length: Totp.SecretBytes * 2 } text || !text.All(char.IsAsciiHexDigit)
            || Totp.Find(Convert.FromHexString(text), request.Code ?? "", time.GetUtcNow(), 0) is not { } step)
        {
            return Bad("the code is not one of this secret: see that the clocks of the app's device and of the hub are right");
        }

        var codes = RecoveryCodes.Create();
        await users.SetAppAsync(user.Id, Convert.FromHexString(text), step, codes, context.RequestAborted);
        return Results.Ok(new RecoveryAnswer(codes));
    }

    private static async Task<IResult> RemoveAppAsync(
        HttpContext context,
        [Microsoft.AspNetCore.Mvc.FromBody] ConfirmRequest request,
        Users users,
        Accounts accounts)
    {
        if (await UserAsync(context, users) is not { } user)
        {
            return NoUser();
        }

        var result = await accounts.ConfirmAsync(context, user, request.Password);
        if (result.Refusal != Refusal.None)
        {
            return Refuse(context, result);
        }

        await users.RemoveAppAsync(user.Id, context.RequestAborted);
        return Results.NoContent();
    }

    private static async Task<IResult> ListSessionsAsync(HttpContext context, UserSessions sessions)
    {
        var caller = Caller.Of(context);
        if (caller.UserId is not { } user)
        {
            return NoUser();
        }

        var all = await sessions.ListAsync(user, context.RequestAborted);
        return Results.Ok<IReadOnlyList<SessionAnswer>>(
            [.. all.Select(one => new SessionAnswer(one.Id, one.Address, one.Client, one.CreatedAt, one.SeenAt, one.Id == caller.SessionId))]);
    }

    private static async Task<IResult> EndSessionAsync(HttpContext context, string session, UserSessions sessions) =>
        Caller.Of(context).UserId is { } user && await sessions.EndAsync(user, session, context.RequestAborted)
            ? Results.NoContent() : Results.Problem($"there is no session {session}", statusCode: StatusCodes.Status404NotFound);

    private static async Task<User?> UserAsync(HttpContext context, Users users) =>
        Caller.Of(context).UserId is { } id ? await users.FindByIdAsync(id, context.RequestAborted) : null;

    private static IResult NoUser() => Bad("this is for users who are signed in, and the request has a key or a token");

    private static IResult Bad(string reason) => Results.Problem(reason, statusCode: StatusCodes.Status400BadRequest);
}
