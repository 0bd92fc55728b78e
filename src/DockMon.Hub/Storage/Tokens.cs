using DockMon.Protocol;

namespace DockMon.Hub.Storage;

/// <summary>What became of a try to use a registration token.</summary>
internal enum TokenUse
{
    /// <summary>It may register; one use is gone.</summary>
    Accepted,

    /// <summary>Nobody made it.</summary>
    Unknown,

    /// <summary>It is too old.</summary>
    Expired,

    /// <summary>It was used as often as it may be.</summary>
    UsedUp,
}

/// <summary>A registration token, as it is shown once.</summary>
internal sealed record NewToken(string Id, string Token, int MaxUses, string ExpiresAt);

/// <summary>A registration token, as it is known later.</summary>
internal sealed record TokenSummary(string Id, int MaxUses, int Uses, string CreatedAt, string ExpiresAt);

/// <summary>Registration tokens.</summary>
internal interface ITokens
{
    NewToken Create(int maxUses);

    IReadOnlyList<TokenSummary> List();

    bool Delete(string id);

    /// <summary>Looks at a token without using it.</summary>
    TokenUse Check(string token);

    /// <summary>Uses a token once, if it may be.</summary>
    TokenUse Use(string token);
}

internal sealed class SqliteTokens(Database database, TimeProvider time) : ITokens
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    public NewToken Create(int maxUses)
    {
        var now = time.GetUtcNow();
        var token = new NewToken(Guid.NewGuid().ToString(), Secrets.Create(), maxUses, Rfc3339.FormatSeconds(now + Lifetime));
        database.Execute(
            "INSERT INTO registration_tokens (id, hash, max_uses, uses, created_at, expires_at) VALUES ($id, $hash, $max, 0, $now, $expires)",
            ("$id", token.Id), ("$hash", Secrets.Hash(token.Token)), ("$max", maxUses), ("$now", Rfc3339.FormatSeconds(now)), ("$expires", token.ExpiresAt));
        return token;
    }

    public IReadOnlyList<TokenSummary> List() =>
        database.Query(
            "SELECT id, max_uses, uses, created_at, expires_at FROM registration_tokens ORDER BY created_at",
            row => new TokenSummary(row.GetString(0), row.GetInt32(1), row.GetInt32(2), row.GetString(3), row.GetString(4)));

    public bool Delete(string id) => database.Execute("DELETE FROM registration_tokens WHERE id = $id", ("$id", id)) > 0;

    public TokenUse Check(string token)
    {
        var found = database.Query(
            "SELECT uses < max_uses, expires_at > $now FROM registration_tokens WHERE hash = $hash",
            row => (Left: row.GetBoolean(0), Fresh: row.GetBoolean(1)),
            ("$hash", Secrets.Hash(token)), ("$now", Rfc3339.FormatSeconds(time.GetUtcNow())));
        return found switch
        {
            [] => TokenUse.Unknown,
            [{ Fresh: false }] => TokenUse.Expired,
            [{ Left: false }] => TokenUse.UsedUp,
            _ => TokenUse.Accepted,
        };
    }

    // One statement decides, so that two agents with one token cannot both have its last use.
    public TokenUse Use(string token) =>
        database.Execute(
            "UPDATE registration_tokens SET uses = uses + 1 WHERE hash = $hash AND uses < max_uses AND expires_at > $now",
            ("$hash", Secrets.Hash(token)), ("$now", Rfc3339.FormatSeconds(time.GetUtcNow()))) == 1
            ? TokenUse.Accepted : Check(token);
}
