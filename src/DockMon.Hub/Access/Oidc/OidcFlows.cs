using System.Security.Cryptography;
using DockMon.Hub.Storage;
using Microsoft.IdentityModel.Tokens;

namespace DockMon.Hub.Access.Oidc;

/// <summary>A sign-in that has gone to the provider and not come back.</summary>
/// <param name="State">Names it in the provider's answer.</param>
/// <param name="Nonce">Binds the token to it.</param>
/// <param name="Verifier">Binds the code to it (PKCE).</param>
/// <param name="Browser">Hash of the secret in the cookie of the browser that began it.</param>
/// <param name="Began">When it began.</param>
internal sealed record OidcFlow(string State, string Nonce, string Verifier, string Browser, long Began)
{
    /// <summary>What the provider gets of the verifier.</summary>
    public string Challenge => Base64UrlEncoder.Encode(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(Verifier)));
}

/// <summary>The sign-ins that are at the provider, in memory and for ten minutes each.</summary>
internal sealed class OidcFlows(TimeProvider time)
{
    /// <summary>Maximum number of sign-ins at the provider: anybody can begin one. The oldest gives way.</summary>
    public const int Most = 1000;

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, OidcFlow> _flows = new(StringComparer.Ordinal);

    /// <summary>Begins a sign-in.</summary>
    /// <returns>It, and the secret for the browser's cookie.</returns>
    public (OidcFlow Flow, string Browser) Begin()
    {
        var browser = Random();
        var flow = new OidcFlow(Random(), Random(), Random(), Secrets.Hash(browser), time.GetTimestamp());
        lock (_gate)
        {
            if (_flows.Count >= Most)
            {
                _flows.Remove(_flows.MinBy(entry => entry.Value.Began).Key);
            }

            _flows[flow.State] = flow;
        }

        return (flow, browser);
    }

    /// <summary>Ends a sign-in: it comes back once, to the browser that began it.</summary>
    public OidcFlow? Take(string? state, string? browser)
    {
        OidcFlow? flow;
        lock (_gate)
        {
            if (state is null || !_flows.Remove(state, out flow))
            {
                return null;
            }
        }

        return time.GetElapsedTime(flow.Began) < Longest && Secrets.Matches(browser ?? "", flow.Browser) ? flow : null;
    }

    private static string Random() => Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(32));
}
