using DockMon.Hub.Access.Audit;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Storage;

namespace DockMon.Hub.Access.SignIn;

/// <summary><c>dockmon-hub user</c>: for who has locked himself out, or has no browser.</summary>
internal static class UserVerb
{
    public const string Usage = "dockmon-hub user list | add NAME [viewer|operator|admin] | reset-password NAME | remove NAME";

    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(
        string[] arguments,
        Database database,
        HubOptions options,
        TextWriter output,
        TextWriter errors,
        CancellationToken ct)
    {
        var users = new Users(database, TimeProvider.System);
        using var passwords = new Passwords(options);
        var audit = new AuditLog(database, TimeProvider.System);
        switch (arguments)
        {
            case ["list"]:
                foreach (var user in await users.ListAsync(ct))
                {
                    await output.WriteLineAsync($"{user.Name}\t{user.Role.Name()}\t{Tags.Join(user.Tags)}");
                }

                return 0;
            case ["add", var name]:
                return await AddAsync(name, "admin");
            case ["add", var name, var role]:
                return await AddAsync(name, role);
            case ["reset-password", var name] when await FindAsync(name) is { } user:
                var password = Passwords.Create();
                await users.SetPasswordAsync(user.Id, await passwords.HashAsync(password, ct), withoutApp: true, ct);
                await audit.WriteAsync("command line", "", $"reset password of {user.Name}", "ok", ct);
                await output.WriteLineAsync($"New password of {user.Name}, whose sessions have ended and whose authenticator app is forgotten: {password}");
                return 0;
            case ["remove", var name] when await FindAsync(name) is { } user:
                await users.RemoveAsync(user.Id, ct);
                await audit.WriteAsync("command line", "", $"remove user {user.Name}", "ok", ct);
                return 0;
            case ["reset-password" or "remove", var name]:
                await errors.WriteLineAsync($"there is no user {name}: dockmon-hub user list shows those there are");
                return 1;
            default:
                await errors.WriteLineAsync("usage: " + Usage);
                return 2;
        }

        async Task<User?> FindAsync(string name) => Users.Normalize(name) is { } normal ? await users.FindAsync(normal, ct) : null;

        async Task<int> AddAsync(string name, string role)
        {
            if (Users.Normalize(name) is not { } normal || Roles.Parse(role) is not { } parsed)
            {
                await errors.WriteLineAsync($"cannot add {name} as {role}: {AccountApi.NameComplaint}; a role is viewer, operator or admin");
                return 2;
            }

            var password = Passwords.Create();
            if (await users.AddAsync(normal, parsed, [], await passwords.HashAsync(password, ct), asFirst: false, ct) is null)
            {
                await errors.WriteLineAsync($"there is a user {normal} already: dockmon-hub user reset-password {normal}");
                return 1;
            }

            await audit.WriteAsync("command line", "", $"add user {normal} as {parsed.Name()}", "ok", ct);
            await output.WriteLineAsync($"Password of {normal}, to be changed after the first sign-in: {password}");
            return 0;
        }
    }
}
