using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace DockMon.Hub.Access.Oidc;

/// <summary>The provider of OpenID Connect: its configuration, its keys, and the exchange of a code for a token.</summary>
internal sealed class OidcProvider(OidcOptions options, TimeProvider time) : IDisposable
{
    private const int MostBytes = 1024 * 1024;

    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);

    /// <summary>Signatures of keys that only the provider has. One made with the client's secret would do for whoever knows that.</summary>
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5)
    })
    {
        Timeout = TimeSpan.FromSeconds(15),
        MaxResponseContentBufferSize = MostBytes,
    };

    private readonly SemaphoreSlim _reading = new(1);
    private Discovered? _known;

    /// <summary>Where a browser signs in.</summary>
    /// <exception cref="OidcException">The provider does not say.</exception>
    public async Task<string> SignInAddressAsync(OidcFlow flow, string redirect, CancellationToken ct)
    {
        var provider = await DiscoverAsync(renew: false, ct);
        var query = new Dictionary<string, string?>
        {
            ["response_type"] = "code",
            ["client_id"] = options.ClientId,
            ["redirect_uri"] = redirect,
            ["scope"] = "openid profile email groups",
            ["state"] = flow.State,
            ["nonce"] = flow.Nonce,
            ["code_challenge"] = flow.Challenge,
            ["code_challenge_method"] = "S256",
        };
        return Microsoft.AspNetCore.WebUtilities.QueryHelpers.AddQueryString(provider.Authorization, query);
    }

    /// <summary>The claims of the user who has signed in.</summary>
    /// <exception cref="OidcException">The provider refuses the code, or its token is not good.</exception>
    public async Task<JsonElement> ExchangeAsync(OidcFlow flow, string code, string redirect, CancellationToken ct)
    {
        var provider = await DiscoverAsync(renew: false, ct);
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["code"] = code,
            ["redirect_uri"] = redirect,
            ["code_verifier"] = flow.Verifier
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, provider.Token);
        if (options.ClientSecret is { } secret)
        {
            var basic = $"{Uri.EscapeDataString(options.ClientId)}:{Uri.EscapeDataString(secret)}";
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(basic)));
        }
        else
        {
            form["client_id"] = options.ClientId;
        }

        request.Content = new FormUrlEncodedContent(form);
        var answer = await SendAsync(request, ct);
        var token = Text(answer, "id_token") ?? throw new OidcException("the provider's answer has no id_token");
        return await ValidateAsync(token, flow.Nonce, ct);
    }

    public void Dispose()
    {
        _http.Dispose();
        _reading.Dispose();
    }

    private async Task<JsonElement> ValidateAsync(string token, string nonce, CancellationToken ct)
    {
        var handler = new JsonWebTokenHandler { MapInboundClaims = false };
        var result = await handler.ValidateTokenAsync(token, Rules((await DiscoverAsync(renew: false, ct)).Keys));
        if (result.Exception is SecurityTokenSignatureKeyNotFoundException or SecurityTokenInvalidSignatureException)
        {
            // The provider may have new keys.
            result = await handler.ValidateTokenAsync(token, Rules((await DiscoverAsync(renew: true, ct)).Keys));
        }

        if (!result.IsValid)
        {
            throw new OidcException($"the provider's token is not good: {result.Exception?.GetType().Name}", result.Exception);
        }

        var claims = JsonElement.Parse(Base64UrlEncoder.DecodeBytes(((JsonWebToken)result.SecurityToken).EncodedPayload));
        if (Text(claims, "nonce") != nonce)
        {
            throw new OidcException("the provider's token belongs to another sign-in");
        }

        // With several audiences, the token must have been made for this client.
        return Text(claims, "azp") is { } party && party != options.ClientId
            ? throw new OidcException("the provider's token was made for another client")
            : claims;
    }

    private TokenValidationParameters Rules(IList<SecurityKey> keys) => new()
    {
        ValidIssuer = options.Issuer,
        IssuerValidator = (issuer, _, _) => issuer.TrimEnd('/') == options.Issuer
            ? issuer
            : throw new SecurityTokenInvalidIssuerException("the token is of another issuer"),
        ValidAudience = options.ClientId,
        IssuerSigningKeys = keys,
        ValidAlgorithms = Algorithms,
        RequireSignedTokens = true,
        RequireExpirationTime = true,
        ClockSkew = TimeSpan.FromMinutes(1),
        LifetimeValidator = (from, to, _, rules) =>
        {
            var now = time.GetUtcNow().UtcDateTime;
            return to is { } end && now - rules.ClockSkew < end && (from is not { } start || now + rules.ClockSkew > start);
        },
    };

    /// <summary>What the provider says of itself, kept for an hour.</summary>
    private async Task<Discovered> DiscoverAsync(bool renew, CancellationToken ct)
    {
        await _reading.WaitAsync(ct);
        try
        {
            if (_known is { } known && !renew && time.GetElapsedTime(known.ReadAt) < Kept)
            {
                return known;
            }

            using var request = new HttpRequestMessage(HttpMethod.Get, options.Issuer + "/.well-known/openid-configuration");
            var configuration = await SendAsync(request, ct);
            if (Text(configuration, "issuer")?.TrimEnd('/') != options.Issuer)
            {
                throw new OidcException($"the provider calls itself {Text(configuration, "issuer")}: set HUB_OIDC_ISSUER to that");
            }

            using var keys = new HttpRequestMessage(HttpMethod.Get, Address(configuration, "jwks_uri"));
            var set = new JsonWebKeySet((await SendAsync(keys, ct)).GetRawText());
            return _known = new Discovered(
                Address(configuration, "authorization_endpoint"), Address(configuration, "token_endpoint"), set.GetSigningKeys(), time.GetTimestamp());
        }
        finally
        {
            _reading.Release();
        }
    }

    private async Task<JsonElement> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        try
        {
            using var answer = await _http.SendAsync(request, ct);
            var body = await answer.Content.ReadAsByteArrayAsync(ct);
            return answer.IsSuccessStatusCode ? JsonElement.Parse(body)
                : throw new OidcException($"{request.RequestUri!.GetLeftPart(UriPartial.Path)} answered {(int)answer.StatusCode}");
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || (e is TaskCanceledException && !ct.IsCancellationRequested))
        {
            throw new OidcException($"{request.RequestUri!.GetLeftPart(UriPartial.Path)} cannot be read: {e.Message}", e);
        }
    }

    private static string Address(JsonElement configuration, string name) =>
        Uri.TryCreate(Text(configuration, name), UriKind.Absolute, out var uri) && (uri.Scheme == "https" || uri.IsLoopback) ? uri.AbsoluteUri
            : throw new OidcException($"the provider's {name} is no address with https");

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private sealed record Discovered(string Authorization, string Token, IList<SecurityKey> Keys, long ReadAt);
}
