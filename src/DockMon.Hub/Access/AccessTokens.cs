using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Access;

/// <summary>A token of the API, without its value.</summary>
internal sealed record AccessToken(
    string Id, string Name, string Role, IReadOnlyList<string> Tags, string CreatedBy, string CreatedAt, string? ExpiresAt, string? UsedAt);

/// <summary>Tokens for programs that use the API. Stored as hashes; shown once.</summary>
internal sealed class AccessTokens(Database database, TimeProvider time)
{
    /// <summary>What a token begins with, so that people and secret scanners know it.</summary>
    public const string Prefix = "dmh_";

    /// <summary>Maximum number of tokens.</summary>
    public const int Most = 1000;

    private static readonly TimeSpan UsedInterval = TimeSpan.FromMinutes(1);

    /// <summary>Creates a token.</summary>
    /// <returns>The token and its value; null when there are too many.</returns>
    public async Task<(AccessToken Token, string Value)?> CreateAsync(
        string name, Role role, IReadOnlyList<string> tags, TimeSpan? lifetime, string createdBy, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var value = Prefix + Secrets.Create() + Secrets.Create();
        var token = new AccessToken(
            Guid.NewGuid().ToString(),
            name,
            role.Name(),
            tags,
            createdBy,
            Rfc3339.FormatSeconds(now),
            lifetime is { } left ? Rfc3339.FormatSeconds(now + left) : null,
            null);
        var added = await database.TransactAsync(
            async open => (await open.QueryAsync("SELECT COUNT(*) FROM access_tokens", row => row.GetInt64(0))).Single() < Most
                ? await open.ExecuteAsync(
                    """
                    INSERT INTO access_tokens (id, hash, name, role, tags, created_by, created_at, expires_at)
                    VALUES (@id, @hash, @name, @role, @tags, @by, @now, @expires)
                    """,
                    ("@id", token.Id), ("@hash", Secrets.Hash(value)), ("@name", name), ("@role", token.Role), ("@tags", Tags.Join(tags)), ("@by", createdBy),
                    ("@now", token.CreatedAt), ("@expires", token.ExpiresAt))
                : 0,
            ct);
        return added > 0 ? (token, value) : null;
    }

    public async Task<Caller?> FindAsync(string value, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var found = await database.QueryAsync(
            "SELECT id, name, role, tags, used_at FROM access_tokens WHERE hash = @hash AND (expires_at IS NULL OR expires_at > @now)",
            row => (
                Id: row.GetString(0),
                Used: row.IsDBNull(4) ? "" : row.GetString(4),
                Caller: new Caller("token " + row.GetString(1), Roles.Parse(row.GetString(2)) ?? Role.Viewer, Tags.Split(row.GetString(3)))),
            ct,
            ("@hash", Secrets.Hash(value)), ("@now", Rfc3339.FormatSeconds(now)));
        if (found is not [var (id, used, caller)])
        {
            return null;
        }

        if (string.CompareOrdinal(used, Rfc3339.FormatSeconds(now - UsedInterval)) < 0)
        {
            await database.ExecuteAsync("UPDATE access_tokens SET used_at = @now WHERE id = @id", ct, ("@id", id), ("@now", Rfc3339.FormatSeconds(now)));
        }

        return caller;
    }

    public Task<List<AccessToken>> ListAsync(CancellationToken ct) => database.QueryAsync(
        "SELECT id, name, role, tags, created_by, created_at, expires_at, used_at FROM access_tokens ORDER BY created_at, id",
        row => new AccessToken(
            row.GetString(0), row.GetString(1), row.GetString(2), Tags.Split(row.GetString(3)), row.GetString(4), row.GetString(5),
            row.IsDBNull(6) ? null : row.GetString(6), row.IsDBNull(7) ? null : row.GetString(7)),
        ct);

    public async Task<bool> DeleteAsync(string id, CancellationToken ct) =>
        await database.TransactAsync(open => open.ExecuteAsync("DELETE FROM access_tokens WHERE id = @id", ("@id", id)), ct) > 0;
}
