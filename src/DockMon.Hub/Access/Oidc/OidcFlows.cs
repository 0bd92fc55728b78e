using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DockMon.Hub.Storage;
using Microsoft.IdentityModel.Tokens;

namespace DockMon.Hub.Access.Oidc;

/// <summary>A sign-in that has gone to the provider and not come back.</summary>
/// <param name="State">Names it in the provider's answer.</param>
/// <param name="Nonce">Binds the token to it.</param>
/// <param name="Verifier">Binds the code to it (PKCE).</param>
internal sealed record OidcFlow(string State, string Nonce, string Verifier)
{
    /// <summary>What the provider gets of the verifier.</summary>
    public string Challenge => Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));
}

/// <summary>
/// The sign-ins that are at the provider, for ten minutes each: every browser has its own one in a cookie, encrypted with the key that all hubs of a
/// database share. It can come back to any hub, and to no other browser. The provider takes its code once.
/// </summary>
internal sealed class OidcFlows(Database database, TimeProvider time)
{
    /// <summary>How long a sign-in may take at the provider.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private const string Place = "cookies/oidc";

    /// <summary>Begins a sign-in.</summary>
    /// <returns>It, and the content of the browser's cookie.</returns>
    public (OidcFlow Flow, string Cookie) Begin()
    {
        var flow = new OidcFlow(Random(), Random(), Random());
        var ends = (time.GetUtcNow() + Longest).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        return (flow, database.Vault.Seal(string.Join('.', flow.State, flow.Nonce, flow.Verifier, ends), Place));
    }

    /// <summary>The sign-in that a browser comes back with; null when it is over, or was begun in another browser.</summary>
    public OidcFlow? Find(string? state, string? cookie)
    {
        try
        {
            return cookie is not null && database.Vault.Open(cookie, Place).Split('.') is [var known, var nonce, var verifier, var ends]
                && known == state && time.GetUtcNow().ToUnixTimeMilliseconds() < long.Parse(ends, CultureInfo.InvariantCulture)
                    ? new OidcFlow(known, nonce, verifier) : null;
        }
        catch (VaultException)
        {
            // No hub of this database made it.
            return null;
        }
    }

    private static string Random() => Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(32));
}
