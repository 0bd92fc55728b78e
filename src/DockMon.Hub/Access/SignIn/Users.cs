using System.Data.Common;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Access.SignIn;

/// <summary>A user of the hub.</summary>
/// <param name="Id">The user.</param>
/// <param name="Name">Name to sign in with, in lower case.</param>
/// <param name="Role">What they may do.</param>
/// <param name="Tags">The tags of the hosts they see; empty for all.</param>
/// <param name="Password">Hash of the password; null for one who signs in elsewhere.</param>
/// <param name="Totp">Encrypted secret of the authenticator app; null without one.</param>
/// <param name="TotpStep">The last step whose code was used.</param>
/// <param name="CreatedAt">Time of creation.</param>
internal sealed record User(
    string Id, string Name, Role Role, IReadOnlyList<string> Tags, string? Password, string? Totp, long TotpStep, string CreatedAt);

/// <summary>The users and what they sign in with.</summary>
internal sealed class Users(Database database, TimeProvider time)
{
    private const string Columns = "SELECT id, name, role, tags, password, totp, totp_step, created_at FROM users";

    private const string CountAdmins = "SELECT COUNT(*) FROM users WHERE role = 'admin' AND tags = ''";

    private string Now => Rfc3339.FormatSeconds(time.GetUtcNow());

    /// <summary>The name in the form that is stored; null if it cannot be one.</summary>
    public static string? Normalize(string? name)
    {
        var text = name?.Trim().ToLowerInvariant() ?? "";
        return text.Length is > 0 and <= 64 && char.IsAsciiLetterOrDigit(text[0])
            && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '@') ? text : null;
    }

    /// <summary>Where the secret of a user's app is encrypted for.</summary>
    public static string TotpPlace(string id) => "users.totp/" + id;

    /// <summary>Whether there is an admin who sees all hosts.</summary>
    public async Task<bool> HasAdminAsync(CancellationToken ct) => (await database.QueryAsync(CountAdmins, row => row.GetInt64(0), ct)).Single() > 0;

    public Task<List<User>> ListAsync(CancellationToken ct) => database.QueryAsync(Columns + " ORDER BY name", Read, ct);

    public async Task<User?> FindAsync(string name, CancellationToken ct) =>
        (await database.QueryAsync(Columns + " WHERE name = @name", Read, ct, ("@name", name))).SingleOrDefault();

    public async Task<User?> FindByIdAsync(string id, CancellationToken ct) =>
        (await database.QueryAsync(Columns + " WHERE id = @id", Read, ct, ("@id", id))).SingleOrDefault();

    /// <summary>Adds a user; as the first, only if there is no admin yet.</summary>
    /// <returns>Null if the name is taken, or there is an admin already.</returns>
    public Task<User?> AddAsync(string name, Role role, IReadOnlyList<string> tags, string? password, bool asFirst, CancellationToken ct) =>
        database.TransactAsync(
            async open =>
            {
                if (asFirst && await HasAdminAsync(open))
                {
                    return null;
                }

                var user = new User(Guid.NewGuid().ToString(), name, role, tags, password, null, 0, Now);
                var added = await open.ExecuteAsync(
                    """
                    INSERT INTO users (id, name, role, tags, password, totp_step, created_at) VALUES (@id, @name, @role, @tags, @password, 0, @now)
                    ON CONFLICT (name) DO NOTHING
                    """,
                    ("@id", user.Id), ("@name", name), ("@role", role.Name()), ("@tags", Tags.Join(tags)), ("@password", password), ("@now", user.CreatedAt));
                return added > 0 ? user : null;
            },
            ct);

    /// <summary>A user whom a provider has signed in, added at the first time. A changed role ends the sessions there are.</summary>
    /// <param name="subject">The provider and its id of the user.</param>
    /// <param name="name">The name, if nobody else has it: whoever signs in elsewhere does not become a user of the hub by a name.</param>
    /// <param name="role">What they may do.</param>
    /// <param name="tags">The tags of the hosts they see.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<User> SignedInElsewhereAsync(string subject, string name, Role role, IReadOnlyList<string> tags, CancellationToken ct) =>
        database.TransactAsync(
            async open =>
            {
                var found = (await open.QueryAsync(Columns + " WHERE subject = @subject", Read, ("@subject", subject))).SingleOrDefault();
                if (found is null)
                {
                    var taken = (await open.QueryAsync(Columns + " WHERE name = @name", Read, ("@name", name))).Count > 0;
                    found = new User(Guid.NewGuid().ToString(), taken ? $"{name}.{Secrets.Hash(subject)[..8]}" : name, role, tags, null, null, 0, Now);
                    await open.ExecuteAsync(
                        "INSERT INTO users (id, name, role, tags, totp_step, subject, created_at) VALUES (@id, @name, @role, @tags, 0, @subject, @now)",
                        ("@id", found.Id),
                        ("@name", found.Name),
                        ("@role", role.Name()),
                        ("@tags", Tags.Join(tags)),
                        ("@subject", subject),
                        ("@now", found.CreatedAt));
                }
                else if (found.Role != role || Tags.Join(found.Tags) != Tags.Join(tags))
                {
                    await EndSessionsAsync(open, found.Id);
                    await open.ExecuteAsync(
                        "UPDATE users SET role = @role, tags = @tags WHERE id = @id", ("@id", found.Id), ("@role", role.Name()), ("@tags", Tags.Join(tags)));
                }

                return found;
            },
            ct);

    /// <summary>Changes role and tags, and ends the user's sessions. The last admin of all hosts stays one.</summary>
    /// <exception cref="LastAdminException">Nobody would be left who may give roles.</exception>
    public Task<bool> ChangeAsync(string id, Role role, IReadOnlyList<string> tags, CancellationToken ct) => database.TransactAsync(
        async open =>
        {
            await EndSessionsAsync(open, id);
            await open.ExecuteAsync(
                "UPDATE users SET role = @role, tags = @tags WHERE id = @id",
                ("@id", id),
                ("@role", role.Name()),
                ("@tags", Tags.Join(tags)));
            return await HasAdminAsync(open) ? true : throw new LastAdminException();
        },
        ct);

    /// <summary>Removes a user and everything that is theirs.</summary>
    /// <exception cref="LastAdminException">Nobody would be left who may give roles.</exception>
    public Task<bool> RemoveAsync(string id, CancellationToken ct) => database.TransactAsync(
        async open =>
        {
            await EndSessionsAsync(open, id);
            await open.ExecuteAsync("DELETE FROM recovery_codes WHERE user_id = @id", ("@id", id));
            await open.ExecuteAsync("DELETE FROM users WHERE id = @id", ("@id", id));
            return await HasAdminAsync(open) ? true : throw new LastAdminException();
        },
        ct);

    /// <summary>Sets a password and ends the user's sessions.</summary>
    /// <param name="id">The user.</param>
    /// <param name="password">Hash of the password.</param>
    /// <param name="withoutApp">Whether the authenticator app is forgotten as well, for who lost it.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<bool> SetPasswordAsync(string id, string password, bool withoutApp, CancellationToken ct) => database.TransactAsync(
        async open =>
        {
            await EndSessionsAsync(open, id);
            if (withoutApp)
            {
                await RemoveAppAsync(open, id);
            }

            return await open.ExecuteAsync("UPDATE users SET password = @password WHERE id = @id", ("@id", id), ("@password", password)) > 0;
        },
        ct);

    /// <summary>Sets the secret of an authenticator app and the recovery codes.</summary>
    public Task<bool> SetAppAsync(string id, byte[] secret, long step, IReadOnlyList<string> recoveryCodes, CancellationToken ct) => database.TransactAsync(
        async open =>
        {
            await RemoveAppAsync(open, id);
            foreach (var code in recoveryCodes)
            {
                await open.ExecuteAsync("INSERT INTO recovery_codes (user_id, hash) VALUES (@id, @hash)", ("@id", id), ("@hash", Secrets.Hash(code)));
            }

            return await open.ExecuteAsync(
                "UPDATE users SET totp = @totp, totp_step = @step WHERE id = @id",
                ("@id", id), ("@totp", database.Vault.Seal(Convert.ToHexString(secret), TotpPlace(id))), ("@step", step)) > 0;
        },
        ct);

    public Task<bool> RemoveAppAsync(string id, CancellationToken ct) => database.TransactAsync(
        async open =>
        {
            await RemoveAppAsync(open, id);
            return true;
        },
        ct);

    /// <summary>Whether this is the user's current code, or a recovery code. Either is good once.</summary>
    public async Task<bool> UseCodeAsync(User user, string code, CancellationToken ct)
    {
        if (user.Totp is null)
        {
            return false;
        }

        var secret = Convert.FromHexString(database.Vault.Open(user.Totp, TotpPlace(user.Id)));
        if (Totp.Find(secret, code, time.GetUtcNow(), user.TotpStep) is { } step)
        {
            // Of two requests with the same code, one is first.
            return await database.TransactAsync(
                open => open.ExecuteAsync("UPDATE users SET totp_step = @step WHERE id = @id AND totp_step < @step", ("@id", user.Id), ("@step", step)),
                ct) > 0;
        }

        return await database.TransactAsync(
            open => open.ExecuteAsync(
                "DELETE FROM recovery_codes WHERE user_id = @id AND hash = @hash",
                ("@id", user.Id), ("@hash", Secrets.Hash(RecoveryCodes.Normalize(code)))),
            ct) > 0;
    }

    private static async Task RemoveAppAsync(Statements open, string id)
    {
        await open.ExecuteAsync("DELETE FROM recovery_codes WHERE user_id = @id", ("@id", id));
        await open.ExecuteAsync("UPDATE users SET totp = NULL WHERE id = @id", ("@id", id));
    }

    private static Task<int> EndSessionsAsync(Statements open, string id) => open.ExecuteAsync("DELETE FROM user_sessions WHERE user_id = @id", ("@id", id));

    private static async Task<bool> HasAdminAsync(Statements open) =>
        (await open.QueryAsync(CountAdmins, row => row.GetInt64(0))).Single() > 0;

    private static User Read(DbDataReader row) => new(
        row.GetString(0),
        row.GetString(1),
        Roles.Parse(row.GetString(2)) ?? Role.Viewer,
        Tags.Split(row.GetString(3)),
        row.IsDBNull(4) ? null : row.GetString(4),
        row.IsDBNull(5) ? null : row.GetString(5), row.GetInt64(6), row.GetString(7));
}

/// <summary>A change that would leave no admin of all hosts.</summary>
internal sealed class LastAdminException() : Exception("this is the last admin who sees all hosts: make another one first");
