using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Access.SignIn;

/// <summary>A session of a user, without its secret.</summary>
internal sealed record UserSession(string Id, string Address, string Client, string CreatedAt, string SeenAt);

/// <summary>Sessions of users: a random secret in a cookie, stored as a hash.</summary>
internal sealed class UserSessions(Database database, TimeProvider time)
{
    /// <summary>A session ends after this long without a request.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromDays(7);

    /// <summary>A session ends after this long.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    /// <summary>Maximum number of sessions of a user: a new one ends the oldest.</summary>
    public const int MostOfUser = 50;

    private static readonly TimeSpan SeenInterval = TimeSpan.FromMinutes(10);

    private const int LongestClient = 200;

    /// <summary>Begins a session.</summary>
    /// <returns>The secret for the cookie.</returns>
    public async Task<string> BeginAsync(string userId, string address, string client, CancellationToken ct)
    {
        var secret = Secrets.Create() + Secrets.Create();
        var now = time.GetUtcNow();
        await database.TransactAsync(
            async open =>
            {
                await open.ExecuteAsync(
                    "DELETE FROM user_sessions WHERE seen_at < @idle OR created_at < @oldest",
                    ("@idle", Rfc3339.FormatSeconds(now - Idle)), ("@oldest", Rfc3339.FormatSeconds(now - Longest)));
                await open.ExecuteAsync(
                    """
                    DELETE FROM user_sessions WHERE user_id = @user AND id NOT IN (
                        SELECT id FROM user_sessions WHERE user_id = @user ORDER BY seen_at DESC, id LIMIT @most)
                    """,
                    ("@user", userId), ("@most", MostOfUser - 1));
                return await open.ExecuteAsync(
                    "INSERT INTO user_sessions (id, hash, user_id, address, client, created_at, seen_at) VALUES (@id, @hash, @user, @address, @client, "
                    + "@now, @now)",
                    ("@id", Guid.NewGuid().ToString()), ("@hash", Secrets.Hash(secret)), ("@user", userId), ("@address", address),
                    ("@client", client.Length > LongestClient ? client[..LongestClient] : client), ("@now", Rfc3339.FormatSeconds(now)));
            },
            ct);
        return secret;
    }

    /// <summary>The caller that a session belongs to; null when it has ended.</summary>
    public async Task<Caller?> FindAsync(string secret, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var found = await database.QueryAsync(
            """
            SELECT s.id, s.seen_at, u.id, u.name, u.role, u.tags FROM user_sessions s JOIN users u ON u.id = s.user_id
            WHERE s.hash = @hash AND s.seen_at >= @idle AND s.created_at >= @oldest
            """,
            row => (
                Seen: row.GetString(1),
                Caller: new Caller(
                    "user " + row.GetString(3),
                    Roles.Parse(row.GetString(4)) ?? Role.Viewer,
                    Tags.Split(row.GetString(5)),
                    row.GetString(2),
                    row.GetString(0))),
            ct,
            ("@hash", Secrets.Hash(secret)), ("@idle", Rfc3339.FormatSeconds(now - Idle)), ("@oldest", Rfc3339.FormatSeconds(now - Longest)));
        if (found is not [var (seen, caller)])
        {
            return null;
        }

        if (string.CompareOrdinal(seen, Rfc3339.FormatSeconds(now - SeenInterval)) < 0)
        {
            await database.ExecuteAsync(
                "UPDATE user_sessions SET seen_at = @now WHERE id = @id",
                ct,
                ("@id", caller.SessionId),
                ("@now", Rfc3339.FormatSeconds(now)));
        }

        return caller;
    }

    public Task<List<UserSession>> ListAsync(string userId, CancellationToken ct) => database.QueryAsync(
        "SELECT id, address, client, created_at, seen_at FROM user_sessions WHERE user_id = @user ORDER BY seen_at DESC, id",
        row => new UserSession(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4)),
        ct,
        ("@user", userId));

    /// <summary>Ends a session of a user.</summary>
    public async Task<bool> EndAsync(string userId, string id, CancellationToken ct) =>
        await database.TransactAsync(
            open => open.ExecuteAsync("DELETE FROM user_sessions WHERE user_id = @user AND id = @id", ("@user", userId), ("@id", id)), ct) > 0;
}
