using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Hub.Access.Oidc;
using DockMon.Hub.Tests.Storage;
using DockMon.Hub.Tls;
using DockMon.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Access.Oidc;

public sealed class OidcTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly CookieContainer _cookies = new();
    private FakeProvider _provider = null!;
    private WebApplication _hub = null!;
    private HttpClient _browser = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _provider = await FakeProvider.StartAsync(_time, Token);
        _hub = await StartHubAsync();
        _browser = new HttpClient(new SocketsHttpHandler { CookieContainer = _cookies, AllowAutoRedirect = false })
        {
            BaseAddress = new Uri(_hub.Urls.Single())
        };
    }

    public async ValueTask DisposeAsync()
    {
        _browser.Dispose();
        await _hub.DisposeAsync();
        await _provider.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Who_is_in_a_group_gets_its_role_and_a_session()
    {
        (await SignInAsync()).ShouldBe(HttpStatusCode.OK);
        var me = JsonElement.Parse(await _browser.GetStringAsync("/api/me", Token));
        (me.GetProperty("name")
            .GetString(), me.GetProperty("role").GetString(), me.GetProperty("has_password").GetBoolean()).ShouldBe(("anna", "admin", false));

        _provider.Claims = claims => claims["groups"] = "staff";
        (await SignInAsync()).ShouldBe(HttpStatusCode.OK);
        me = JsonElement.Parse(await _browser.GetStringAsync("/api/me", Token));
        (me.GetProperty("role").GetString(), me.GetProperty("tags")[0].GetString()).ShouldBe(("operator", "web"));
    }

    [Fact]
    public async Task The_health_of_the_hub_tells_that_there_is_a_provider() =>
        JsonElement.Parse(await _browser.GetStringAsync("/health", Token)).GetProperty("oidc").GetBoolean().ShouldBeTrue();

    [Fact]
    public async Task Who_is_in_no_group_is_refused()
    {
        _provider.Claims = claims => claims["groups"] = new JsonArray("others");
        (await SignInAsync()).ShouldBe(HttpStatusCode.Forbidden);
        _provider.Claims = claims => claims.Remove("groups");
        (await SignInAsync()).ShouldBe(HttpStatusCode.Forbidden);
        (await _browser.GetAsync("/api/me", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Somebody_else_with_the_same_name_is_another_user()
    {
        await SignInAsync();
        _provider.Claims = claims => claims["sub"] = "4712";
        await SignInAsync();
        JsonElement.Parse(await _browser.GetStringAsync("/api/me", Token)).GetProperty("name").GetString().ShouldNotBeNull().ShouldStartWith("anna.");
    }

    [Fact]
    public async Task A_new_key_of_the_provider_is_fetched()
    {
        (await SignInAsync()).ShouldBe(HttpStatusCode.OK);
        _provider.ChangeKey();
        (await SignInAsync()).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("iss", "\"https://evil.example\"")]
    [InlineData("aud", "\"another client\"")]
    [InlineData("exp", "1000000000")]
    [InlineData("exp", null)]
    [InlineData("nonce", "\"of another sign-in\"")]
    [InlineData("nonce", null)]
    [InlineData("azp", "\"another client\"")]
    [InlineData("sub", null)]
    public async Task A_token_that_is_not_good_is_refused(string claim, string? value)
    {
        _provider.Claims = claims => claims[claim] = value is null ? null : JsonNode.Parse(value);
        if (value is null)
        {
            _provider.Claims = claims => claims.Remove(claim);
        }

        await ShouldBeRefusedAsync();
    }

    [Fact]
    public async Task A_token_without_a_good_signature_is_refused()
    {
        _provider.Token = token => token[..(token.LastIndexOf('.') + 1)];
        await ShouldBeRefusedAsync();
        _provider.Token = token => FakeProvider.Part(new JsonObject { ["alg"] = "none" }) + "." + token.Split('.')[1] + ".";
        await ShouldBeRefusedAsync();

        // Signed with the secret of the client, which is no key of the provider.
        _provider.Token = token =>
        {
            var text = FakeProvider.Part(new JsonObject { ["alg"] = "HS256", ["kid"] = "first" }) + "." + token.Split('.')[1];
            return text + "." + WebEncoders.Base64UrlEncode(
                System.Security.Cryptography.HMACSHA256.HashData(Encoding.UTF8.GetBytes(FakeProvider.Secret), Encoding.ASCII.GetBytes(text)));
        };
        await ShouldBeRefusedAsync();
        _provider.Token = token =>
        {
            var parts = token.Split('.');
            var claims = JsonNode.Parse(WebEncoders.Base64UrlDecode(parts[1]))!.AsObject();
            claims["groups"] = new JsonArray("admins", "more");
            return $"{parts[0]}.{FakeProvider.Part(claims)}.{parts[2]}";
        };
        await ShouldBeRefusedAsync();
    }

    [Fact]
    public async Task A_sign_in_ends_once_in_the_browser_that_began_it_and_within_ten_minutes()
    {
        var back = _provider.SignIn(await BeginAsync());
        using var other = new HttpClient(new SocketsHttpHandler()) { BaseAddress = _browser.BaseAddress };
        (await other.GetAsync("/api/oidc/callback" + back, Token)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await _browser.GetAsync("/api/oidc/callback" + back, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await _browser.GetAsync("/api/oidc/callback" + back, Token)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);

        back = _provider.SignIn(await BeginAsync());
        _time.Advance(TimeSpan.FromMinutes(10));
        (await _browser.GetAsync("/api/oidc/callback" + back, Token)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await _browser.GetAsync("/api/oidc/callback?error=access_denied&state=x", Token)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_sign_in_that_began_at_one_hub_ends_at_another_of_the_same_database()
    {
        await using var another = await StartHubAsync();
        using var browser = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });
        using var began = await ComeAsync(_hub, "/api/oidc/login", "another=cookie");
        var cookie = Cookie(began);
        var back = "/api/oidc/callback" + _provider.SignIn(began.Headers.Location!);

        (await ComeAsync(another, back, cookie[..^8] + "AAAAAAAA")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await ComeAsync(another, back + "x", cookie)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        using var ended = await ComeAsync(another, back, cookie);
        ended.StatusCode.ShouldBe(HttpStatusCode.OK, await ended.Content.ReadAsStringAsync(Token));
        using var me = await ComeAsync(_hub, "/api/me", ended.Headers.GetValues("Set-Cookie").Single(text => !text.Contains("-oidc")).Split(';')[0]);
        JsonElement.Parse(await me.Content.ReadAsStringAsync(Token)).GetProperty("name").GetString().ShouldBe("anna");

        // As a load balancer passes it on.
        async Task<HttpResponseMessage> ComeAsync(WebApplication hub, string path, string cookies)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, hub.Urls.Single() + path);
            request.Headers.Host = "hub.example";
            request.Headers.Add("X-Forwarded-Proto", "https");
            request.Headers.Add("X-Forwarded-For", "192.0.2.1");
            request.Headers.Add("Cookie", cookies);
            return await browser.SendAsync(request, Token);
        }

        static string Cookie(HttpResponseMessage answer)
        {
            var text = answer.Headers.GetValues("Set-Cookie").Single();
            text.ShouldStartWith("__Host-dockmon-oidc=");
            text.ShouldContain("; secure; samesite=lax; httponly");
            return text.Split(';')[0];
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("admins")]
    [InlineData("admins=root")]
    [InlineData("=admin")]
    [InlineData("admins=admin:Not A Tag")]
    [InlineData("admins=admin:")]
    public void Groups_that_make_no_sense_are_refused(string text) =>
        Should.Throw<ArgumentException>(() => OidcGroup.ParseAll(text)).Message.ShouldContain("HUB_OIDC_GROUPS");

    [Fact]
    public void A_group_may_have_any_name()
    {
        var group = OidcGroup.ParseAll(" CN=Admins,DC=example = viewer:a,b ; x=admin".Replace(" = ", "=", StringComparison.Ordinal))[0];
        (group.Name, group.RoleName, string.Join('+', group.Tags)).ShouldBe(("CN=Admins,DC=example", "viewer", "a+b"));
    }

    private async Task<WebApplication> StartHubAsync()
    {
        var options = new HubOptions
        {
            Urls = "http://127.0.0.1:0",
            DataPath = _folder.Path,
            Database = (await TestDatabase.OptionsAsync(_folder.Path)).Database,
            AdminKey = HubFixture.AdminKey,
            LogLevel = LogLevel.Error,
            TrustedProxies = TrustedProxies.Load("127.0.0.1"),
            Oidc = new OidcOptions(_provider.Issuer, FakeProvider.Client, FakeProvider.Secret, "groups", OidcGroup.ParseAll("admins=admin;staff=operator:web")),
        };
        var hub = await HubApplication.BuildAsync(options, _time, Token);
        await hub.StartAsync(Token);
        return hub;
    }

    private async Task ShouldBeRefusedAsync()
    {
        (await SignInAsync()).ShouldBe(HttpStatusCode.BadGateway);
        (await _browser.GetAsync("/api/me", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    private async Task<HttpStatusCode> SignInAsync()
    {
        var back = _provider.SignIn(await BeginAsync());
        using var answer = await _browser.GetAsync("/api/oidc/callback" + back, Token);
        return answer.StatusCode;
    }

    private async Task<Uri> BeginAsync()
    {
        using var answer = await _browser.GetAsync("/api/oidc/login", Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.Redirect, await answer.Content.ReadAsStringAsync(Token));
        answer.Headers.GetValues("Set-Cookie").Single().ShouldContain("samesite=lax");
        answer.Headers.Location!.ToString().ShouldStartWith(_provider.Issuer + "/authorize?");
        return answer.Headers.Location;
    }
}
