using System.Net;

namespace DockMon.Hub.Access;

/// <summary>The page of the set-up link: a form, and nothing that a browser would have to run.</summary>
internal static class SetupPage
{
    private const int MostBytes = 8 * 1024;

    public static void Map(WebApplication app)
    {
        app.MapGet(SetupLink.Path, Show).AllowAnyone().ExcludeFromDescription();
        app.MapPost(SetupLink.Path, SetUpAsync).AllowAnyone().ExcludeFromDescription();
    }

    private static IResult Show(string? token, SetupLink link) => link.IsOpen
        ? Page("""
            <p>This makes the first user of the hub, an admin.</p>
            <form method="post" action="/setup">
            <input type="hidden" name="token" value="
            """.TrimEnd() + WebUtility.HtmlEncode(token ?? "") + $"""
            ">
            <p><label>Name <input name="name" required autocomplete="username"></label></p>
            <p><label>Password, at least {Passwords.Shortest} characters
            <input name="password" type="password" required minlength="{Passwords.Shortest}" autocomplete="new-password"></label></p>
            <p><button>Make the user</button></p>
            </form>
            """)
        : Page("<p>The hub has users already. Who is locked out asks an admin, or uses <code>dockmon-hub user</code> on its machine.</p>", StatusCodes.Status410Gone);

    private static async Task<IResult> SetUpAsync(HttpContext context, SetupLink link, Users users, Accounts accounts)
    {
        if (!context.Request.HasFormContentType || context.Request.ContentLength is not (> 0 and <= MostBytes))
        {
            return Page("<p>This page takes its own form only.</p>", StatusCodes.Status400BadRequest);
        }

        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var request = new SetupRequest(form["token"], form["name"], form["password"]);
        var problem = AccountApi.InClear(context) ?? await AccountApi.MakeFirstAsync(context, link, users, accounts, request);
        return problem is null ? Page("<p>Done: there is a user now. Sign in with the name and the password.</p>")
            : Page($"<p>Nothing was changed: {WebUtility.HtmlEncode(problem)}.</p>", StatusCodes.Status400BadRequest);
    }

    private static IResult Page(string body, int status = StatusCodes.Status200OK) => Results.Content(
        $"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>DockMon hub</title></head><body><h1>DockMon hub</h1>\n{body}\n</body></html>\n",
        "text/html; charset=utf-8",
        statusCode: status);
}
