using System.Collections.Concurrent;
using DockMon.Hub.Access.SignIn;
using DockMon.Hub.Api;
using DockMon.Hub.Storage;

namespace DockMon.Hub.Access;

/// <summary>What a request shows to say who makes it.</summary>
/// <param name="Key">The admin key or a token; null without one.</param>
/// <param name="Cookie">The secret of a session; null without one.</param>
internal sealed record Credential(string? Key, string? Cookie)
{
    public static Credential Of(HttpContext context)
    {
        var key = BearerToken.Read(context.Request) ?? context.Request.Headers["X-Api-Key"].ToString();
        return key.Length > 0 ? new Credential(key, null) : new Credential(null, SessionCookie.Read(context));
    }
}

/// <summary>Finds out who makes a request, and delays who tries keys.</summary>
internal sealed class Authenticator(AdminKey adminKey, AccessTokens tokens, UserSessions sessions, Attempts attempts)
{
    private const int MostKnown = 1024;

    // Keys that were right, each with the address it came from: whoever tries wrong ones from there, behind the same proxy perhaps, does not stop them.
    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);

    /// <summary>The caller; null for nobody, with how long to wait before the next try.</summary>
    public async Task<(Caller? Caller, TimeSpan Wait)> IdentifyAsync(HttpContext context)
    {
        var credential = Credential.Of(context);
        if (credential.Key is not { } key)
        {
            return (await FindAsync(credential, context.RequestAborted), TimeSpan.Zero);
        }

        var address = Attempts.Address(context);
        var known = Secrets.Hash(address + " " + key);
        var wait = attempts.Wait(address);
        if (wait > TimeSpan.Zero && !_known.ContainsKey(known))
        {
            attempts.Tell(address, "key, not looked at");
            return (null, wait);
        }

        if (await FindAsync(credential, context.RequestAborted) is { } caller)
        {
            Remember(known);
            return (caller, TimeSpan.Zero);
        }

        _known.TryRemove(known, out _);
        attempts.Wrong(address, "key");
        return (null, TimeSpan.Zero);
    }

    /// <summary>The caller with a credential, without counting anything.</summary>
    public async Task<Caller?> FindAsync(Credential credential, CancellationToken ct) =>
        credential.Key is { } key
            ? adminKey.Matches(key) ? Caller.AdminKey : key.StartsWith(AccessTokens.Prefix, StringComparison.Ordinal) ? await tokens.FindAsync(key, ct) : null
            : credential.Cookie is { } cookie ? await sessions.FindAsync(cookie, ct) : null;

    private void Remember(string known)
    {
        if (_known.Count >= MostKnown)
        {
            _known.Clear();
        }

        _known[known] = true;
    }
}
