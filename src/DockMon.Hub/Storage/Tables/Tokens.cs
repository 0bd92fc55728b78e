using DockMon.Protocol;

namespace DockMon.Hub.Storage.Tables;

/// <summary>A new registration token with its value.</summary>
internal sealed record NewToken(string Id, string Token, int MaxUses, string ExpiresAt);

/// <summary>A registration token without its value.</summary>
internal sealed record TokenSummary(string Id, int MaxUses, int Uses, string CreatedAt, string ExpiresAt);

/// <summary>Registration tokens.</summary>
internal interface ITokens
{
    Task<NewToken> CreateAsync(int maxUses, CancellationToken ct);

    Task<IReadOnlyList<TokenSummary>> ListAsync(CancellationToken ct);

    Task<bool> DeleteAsync(string id, CancellationToken ct);
}

internal sealed class Tokens(Database database, TimeProvider time) : ITokens
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    /// <summary>How long an expired token is kept, so that its use gets the precise error.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(1);

    public Task<NewToken> CreateAsync(int maxUses, CancellationToken ct) => database.TransactAsync(
        async open =>
        {
            var now = time.GetUtcNow();
            await open.ExecuteAsync("DELETE FROM registration_tokens WHERE expires_at <= @old", ("@old", Rfc3339.FormatSeconds(now - Remembered)));
            var token = new NewToken(Guid.NewGuid().ToString(), Secrets.Create(), maxUses, Rfc3339.FormatSeconds(now + Lifetime));
            await open.ExecuteAsync(
                "INSERT INTO registration_tokens (id, hash, max_uses, uses, created_at, expires_at) VALUES (@id, @hash, @max, 0, @now, @expires)",
                ("@id", token.Id),
                ("@hash", Secrets.Hash(token.Token)),
                ("@max", maxUses),
                ("@now", Rfc3339.FormatSeconds(now)),
                ("@expires", token.ExpiresAt));
            return token;
        },
        ct);

    public async Task<IReadOnlyList<TokenSummary>> ListAsync(CancellationToken ct) =>
        await database.QueryAsync(
            "SELECT id, max_uses, uses, created_at, expires_at FROM registration_tokens ORDER BY created_at",
            row => new TokenSummary(row.GetString(0), (int)row.GetInt64(1), (int)row.GetInt64(2), row.GetString(3), row.GetString(4)),
            ct);

    public async Task<bool> DeleteAsync(string id, CancellationToken ct) =>
        await database.TransactAsync(open => open.ExecuteAsync("DELETE FROM registration_tokens WHERE id = @id", ("@id", id)), ct) > 0;
}
