using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace DockMon.Testing;

/// <summary>A provider of OpenID Connect on the loopback interface. It signs in whoever the test says, by whatever token the test says.</summary>
public sealed class FakeProvider : IAsyncDisposable
{
    public const string Client = "dockmon";
    public const string Secret = "secret of the client";

    private WebApplication _server = null!;
    private RSA _key = RSA.Create(2048);
    private string _keyId = "first";
    private Dictionary<string, string> _asked = [];

    /// <summary>Changes the claims of the next token.</summary>
    public Action<JsonObject> Claims { get; set; } = _ => { };

    /// <summary>Changes the next token.</summary>
    public Func<string, string> Token { get; set; } = token => token;

    public string Issuer => _server.Urls.Single();

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public static async Task<FakeProvider> StartAsync(TimeProvider time, CancellationToken ct)
    {
        var provider = new FakeProvider { Time = time };
        provider._server = await LoopbackServer.StartAsync(provider.AnswerAsync, ct);
        return provider;
    }

    /// <summary>Signs from now on with a new key.</summary>
    public void ChangeKey() => (_key, _keyId) = (RSA.Create(2048), "second");

    /// <summary>What the browser would bring back after a sign-in at this address: the query of the callback.</summary>
    public string SignIn(Uri address)
    {
        _asked = QueryHelpers.ParseQuery(address.Query).ToDictionary(entry => entry.Key, entry => entry.Value.ToString());
        return $"?code=the-code&state={Uri.EscapeDataString(_asked["state"])}";
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _key.Dispose();
    }

    private Task AnswerAsync(HttpContext context) => context.Request.Path.Value switch
    {
        "/.well-known/openid-configuration" => WriteAsync(context, new JsonObject
        {
            ["issuer"] = Issuer,
            ["authorization_endpoint"] = Issuer + "/authorize",
            ["token_endpoint"] = Issuer + "/token",
            ["jwks_uri"] = Issuer + "/keys",
        }),
        "/keys" => WriteAsync(context, new JsonObject { ["keys"] = new JsonArray(Key()) }),
        "/authorize" => SendBackAsync(context),
        "/token" => ExchangeAsync(context),
        _ => NotFoundAsync(context),
    };

    /// <summary>Signs in whoever comes with a browser, and sends them back.</summary>
    private Task SendBackAsync(HttpContext context)
    {
        var query = SignIn(new Uri(Issuer + "/authorize" + context.Request.QueryString));
        context.Response.Redirect(_asked["redirect_uri"] + query);
        return Task.CompletedTask;
    }

    private async Task ExchangeAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync();
        var challenge = WebEncoders.Base64UrlEncode(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString())));
        var basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Client}:{Uri.EscapeDataString(Secret)}"));
        if (form["code"] != "the-code" || challenge != _asked["code_challenge"] || form["redirect_uri"] != _asked["redirect_uri"]
            || context.Request.Headers.Authorization != basic || form["grant_type"] != "authorization_code")
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        var now = Time.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = Issuer, ["aud"] = Client, ["sub"] = "4711", ["exp"] = now + 300, ["iat"] = now, ["nonce"] = _asked["nonce"],
            ["preferred_username"] = "Anna", ["groups"] = new JsonArray("staff", "admins"),
        };
        Claims(claims);
        await WriteAsync(context, new JsonObject { ["id_token"] = Token(Sign(claims)), ["access_token"] = "x", ["token_type"] = "Bearer" });
    }

    private string Sign(JsonObject claims)
    {
        var header = new JsonObject { ["alg"] = "RS256", ["kid"] = _keyId, ["typ"] = "JWT" };
        var text = Part(header) + "." + Part(claims);
        return text + "." + WebEncoders.Base64UrlEncode(_key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    public static string Part(JsonObject json) => WebEncoders.Base64UrlEncode(JsonSerializer.SerializeToUtf8Bytes(json));

    private JsonObject Key()
    {
        var numbers = _key.ExportParameters(includePrivateParameters: false);
        return new JsonObject
        {
            ["kty"] = "RSA", ["use"] = "sig", ["kid"] = _keyId, ["alg"] = "RS256",
            ["n"] = WebEncoders.Base64UrlEncode(numbers.Modulus!), ["e"] = WebEncoders.Base64UrlEncode(numbers.Exponent!),
        };
    }

    private static Task WriteAsync(HttpContext context, JsonObject json)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json.ToJsonString());
    }

    private static Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
