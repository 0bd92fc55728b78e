using DockMon.Protocol;

namespace DockMon.Hub.Storage;

/// <summary>A new registration token with its value.</summary>
internal sealed record NewToken(string Id, string Token, int MaxUses, string ExpiresAt);

/// <summary>A registration token without its value.</summary>
internal sealed record TokenSummary(string Id, int MaxUses, int Uses, string CreatedAt, string ExpiresAt);

/// <summary>Registration tokens.</summary>
internal interface ITokens
{
    NewToken Create(int maxUses);

    IReadOnlyList<TokenSummary> List();

    bool Delete(string id);
}

internal sealed class SqliteTokens(Database database, TimeProvider time) : ITokens
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    /// <summary>How long an expired token is kept, so that its use gets the precise error.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(1);

    public NewToken Create(int maxUses) => database.Transact(open =>
    {
        var now = time.GetUtcNow();
        open.Execute("DELETE FROM registration_tokens WHERE expires_at <= $old", ("$old", Rfc3339.FormatSeconds(now - Remembered)));
        var token = new NewToken(Guid.NewGuid().ToString(), Secrets.Create(), maxUses, Rfc3339.FormatSeconds(now + Lifetime));
        open.Execute(
            "INSERT INTO registration_tokens (id, hash, max_uses, uses, created_at, expires_at) VALUES ($id, $hash, $max, 0, $now, $expires)",
            ("$id", token.Id), ("$hash", Secrets.Hash(token.Token)), ("$max", maxUses), ("$now", Rfc3339.FormatSeconds(now)), ("$expires", token.ExpiresAt));
        return token;
    });

    public IReadOnlyList<TokenSummary> List() =>
        database.Query(
            "SELECT id, max_uses, uses, created_at, expires_at FROM registration_tokens ORDER BY created_at",
            row => new TokenSummary(row.GetString(0), row.GetInt32(1), row.GetInt32(2), row.GetString(3), row.GetString(4)));

    public bool Delete(string id) => database.Transact(open => open.Execute("DELETE FROM registration_tokens WHERE id = $id", ("$id", id))) > 0;
}
