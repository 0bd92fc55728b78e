using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Access.SignIn;
using DockMon.Hub.Api.Contract;
using DockMon.Hub.Storage;
using DockMon.Hub.Tls;
using DockMon.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Access.SignIn;

public sealed class SignInTests : IAsyncLifetime
{
    private HubFixture _hub = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _hub = await HubFixture.StartAsync(Token);

    public ValueTask DisposeAsync() => _hub.DisposeAsync();

    [Fact]
    public async Task The_link_that_the_first_start_shows_makes_one_user_and_is_over()
    {
        var link = _hub.Output.ToString().Trim().Split(' ')[^1];
        link.ShouldStartWith($"{_hub.App.Urls.Single()}/setup?token=");
        var token = link.Split('=')[^1];
        using var browser = new HubUser(_hub);

        async Task<HttpStatusCode> PostAsync(string used, string name, string password) =>
            (await browser.PostAsync("/api/setup", new JsonObject { ["token"] = used, ["name"] = name, ["password"] = password }, Token)).Status;

        (await PostAsync("wrong", "anna", HubUser.Password)).ShouldBe(HttpStatusCode.BadRequest);
        (await PostAsync(token, "anna", "short")).ShouldBe(HttpStatusCode.BadRequest);
        (await PostAsync(token, " Anna ", HubUser.Password)).ShouldBe(HttpStatusCode.NoContent);
        (await PostAsync(token, "eve", HubUser.Password)).ShouldBe(HttpStatusCode.BadRequest);
        (await browser.SignInAsync("ANNA", HubUser.Password, Token)).Status.ShouldBe(HttpStatusCode.NoContent);
        JsonElement.Parse((await browser.GetAsync("/api/me", Token)).Body).GetProperty("role").GetString().ShouldBe("admin");

        var shown = _hub.Output.ToString();
        await _hub.RestartAsync(Token);
        _hub.Output.ToString().ShouldBe(shown);
    }

    [Fact]
    public async Task A_session_has_a_cookie_that_scripts_cannot_read_and_ends_when_it_is_ended()
    {
        using var anna = await HubUser.SetUpAsync(_hub, Token);
        var cookie = anna.Cookies.GetAllCookies().Single();
        cookie.Name.ShouldBe($"dockmon-{_hub.Http.BaseAddress!.Port}");
        (cookie.HttpOnly, cookie.Secure, cookie.Path, cookie.Value.Length).ShouldBe((true, false, "/", 64));
        using var elsewhere = new HubUser(_hub);
        (await elsewhere.SignInAsync("anna", HubUser.Password, Token)).Status.ShouldBe(HttpStatusCode.NoContent);

        var sessions = JsonElement.Parse((await anna.GetAsync("/api/me/sessions", Token)).Body).EnumerateArray().ToList();
        sessions.Count.ShouldBe(2);
        var other = sessions.Single(session => !session.GetProperty("current").GetBoolean()).GetProperty("id").GetString();
        (await anna.AskAsync(HttpMethod.Delete, $"/api/me/sessions/{other}", null, Token)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await anna.AskAsync(HttpMethod.Delete, $"/api/me/sessions/{other}", null, Token)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await elsewhere.GetAsync("/api/me", Token)).Status.ShouldBe(HttpStatusCode.Unauthorized);

        (await anna.PostAsync("/api/logout", null, Token)).Status.ShouldBe(HttpStatusCode.NoContent);
        anna.Cookies.GetAllCookies().ShouldBeEmpty();
        anna.Cookies.Add(_hub.Http.BaseAddress!, new Cookie(cookie.Name, cookie.Value));
        (await anna.GetAsync("/api/me", Token)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_new_password_ends_all_other_sessions()
    {
        const string Changed = "a new password of mine";
        using var anna = await HubUser.SetUpAsync(_hub, Token);
        using var elsewhere = new HubUser(_hub);
        await elsewhere.SignInAsync("anna", HubUser.Password, Token);
        (await elsewhere.GetAsync("/api/me", Token)).Status.ShouldBe(HttpStatusCode.OK);

        async Task<HttpStatusCode> ChangeAsync(string current, string changed) =>
            (await anna.AskAsync(HttpMethod.Put, "/api/me/password", new JsonObject { ["current"] = current, ["new"] = changed }, Token)).Status;

        (await ChangeAsync("something else", Changed)).ShouldBe(HttpStatusCode.Unauthorized);
        (await ChangeAsync(HubUser.Password, "short")).ShouldBe(HttpStatusCode.BadRequest);
        (await ChangeAsync(HubUser.Password, Changed)).ShouldBe(HttpStatusCode.NoContent);
        (await anna.GetAsync("/api/me", Token)).Status.ShouldBe(HttpStatusCode.OK);
        (await elsewhere.GetAsync("/api/me", Token)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await elsewhere.SignInAsync("anna", HubUser.Password, Token)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await elsewhere.SignInAsync("anna", Changed, Token)).Status.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task With_an_app_a_code_is_needed_and_each_is_good_once()
    {
        using var anna = await HubUser.SetUpAsync(_hub, Token);
        var secret = JsonElement.Parse((await anna.PostAsync("/api/me/app", null, Token)).Body).GetProperty("secret").GetString()!;
        string Code() => Totp.Code(Convert.FromHexString(secret), Totp.StepAt(_hub.Time.GetUtcNow()));
        JsonObject Confirmation(string code) => new() { ["password"] = HubUser.Password, ["secret"] = secret, ["code"] = code };

        (await anna.AskAsync(HttpMethod.Put, "/api/me/app", Confirmation("nonsense"), Token)).Status.ShouldBe(HttpStatusCode.BadRequest);
        var used = Code();
        var (status, body) = await anna.AskAsync(HttpMethod.Put, "/api/me/app", Confirmation(used), Token);
        status.ShouldBe(HttpStatusCode.OK, body);
        var recovery = JsonElement.Parse(body).GetProperty("recovery_codes")[0].GetString()!;

        using var again = new HubUser(_hub);
        var (missing, problem) = await again.SignInAsync("anna", HubUser.Password, Token);
        (missing, JsonElement.Parse(problem).GetProperty("type").GetString()).ShouldBe((HttpStatusCode.Unauthorized, ProblemTypes.CodeRequired));
        (await again.SignInAsync("anna", HubUser.Password, Token, used)).Status.ShouldBe(HttpStatusCode.Unauthorized, "it was used to confirm the app");
        _hub.Time.Advance(TimeSpan.FromSeconds(30));
        (await again.SignInAsync("anna", HubUser.Password, Token, Code())).Status.ShouldBe(HttpStatusCode.NoContent);
        (await again.SignInAsync("anna", HubUser.Password, Token, Code())).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await again.SignInAsync("anna", HubUser.Password, Token, recovery.ToLowerInvariant())).Status.ShouldBe(HttpStatusCode.NoContent);
        (await again.SignInAsync("anna", HubUser.Password, Token, recovery)).Status.ShouldBe(HttpStatusCode.Unauthorized);

        async Task<HttpStatusCode> RemoveAsync(string password) =>
            (await anna.AskAsync(HttpMethod.Delete, "/api/me/app", new JsonObject { ["password"] = password }, Token)).Status;
        (await RemoveAsync("wrong")).ShouldBe(HttpStatusCode.Unauthorized);
        (await RemoveAsync(HubUser.Password)).ShouldBe(HttpStatusCode.NoContent);
        (await again.SignInAsync("anna", HubUser.Password, Token)).Status.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task No_secret_lies_in_the_database_as_it_is()
    {
        using var anna = await HubUser.SetUpAsync(_hub, Token);
        var secret = JsonElement.Parse((await anna.PostAsync("/api/me/app", null, Token)).Body).GetProperty("secret").GetString()!;
        var code = Totp.Code(Convert.FromHexString(secret), Totp.StepAt(_hub.Time.GetUtcNow()));
        var confirmation = new JsonObject { ["password"] = HubUser.Password, ["secret"] = secret, ["code"] = code };
        var (_, body) = await anna.AskAsync(HttpMethod.Put, "/api/me/app", confirmation, Token);
        var recovery = JsonElement.Parse(body).GetProperty("recovery_codes")[0].GetString()!;
        using var program = await HubUser.WithTokenAsync(_hub, "viewer", Token);
        string[] secrets = [HubUser.Password, secret, secret.ToUpperInvariant(), recovery, program.TokenValue!, anna.Cookies.GetAllCookies().Single().Value];
        foreach (var table in new[] { "users", "recovery_codes", "user_sessions", "access_tokens", "audit" })
        {
            var rows = await _hub.App.Services.GetRequiredService<Database>().QueryAsync(
                $"SELECT * FROM {table}",
                row => string.Join('|', Enumerable.Range(0, row.FieldCount).Select(column => row.GetValue(column).ToString())),
                Token);
            rows.ShouldNotBeEmpty();
            secrets.Where(hidden => rows.Any(row => row.Contains(hidden, StringComparison.Ordinal))).ShouldBeEmpty(table);
        }
    }

    [Fact]
    public async Task Who_guesses_has_to_wait_and_sessions_go_on()
    {
        using var anna = await HubUser.SetUpAsync(_hub, Token);
        using var eve = new HubUser(_hub);
        for (var i = 0; i < Attempts.Free; i++)
        {
            (await eve.SignInAsync("anna", $"guess number {i}", Token)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        }

        (await eve.SignInAsync("anna", HubUser.Password, Token)).Status.ShouldBe(HttpStatusCode.TooManyRequests);
        (await anna.GetAsync("/api/me", Token)).Status.ShouldBe(HttpStatusCode.OK);
        _hub.Time.Advance(TimeSpan.FromSeconds(1));
        (await eve.SignInAsync("anna", HubUser.Password, Token)).Status.ShouldBe(HttpStatusCode.NoContent);
    }

    [Theory]
    [InlineData("/api/login")]
    [InlineData("/api/setup")]
    public async Task Who_is_not_signed_in_cannot_send_much(string path)
    {
        using var eve = new HubUser(_hub);
        var body = new JsonObject { ["name"] = "anna", ["password"] = new string('x', (int)AnyonesBody.MostBytes) };
        (await eve.PostAsync(path, body, Token)).Status.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task Wrong_keys_are_delayed_and_do_not_stop_the_key_that_was_right_before()
    {
        using var eve = new HubUser(_hub, "a-key-that-is-wrong-anyway");
        (await _hub.AskAsync(HttpMethod.Get, "/api/hosts", null, Token)).Status.ShouldBe(HttpStatusCode.OK);
        for (var i = 0; i < Attempts.Free; i++)
        {
            (await eve.GetAsync("/api/hosts", Token)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        }

        (await eve.GetAsync("/api/hosts", Token)).Status.ShouldBe(HttpStatusCode.TooManyRequests);
        (await _hub.AskAsync(HttpMethod.Get, "/api/hosts", null, Token)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_unknown_name_is_refused_like_a_wrong_password()
    {
        using var anna = await HubUser.SetUpAsync(_hub, Token);
        using var eve = new HubUser(_hub);
        var unknown = JsonElement.Parse((await eve.SignInAsync("nobody", HubUser.Password, Token)).Body).GetProperty("detail").GetString();
        JsonElement.Parse((await eve.SignInAsync("anna", "wrong password!", Token)).Body).GetProperty("detail").GetString().ShouldBe(unknown);
    }

    [Theory]
    [InlineData("X-Forwarded-For", "192.0.2.7")]
    [InlineData("X-Real-IP", "192.0.2.7")]
    [InlineData("Forwarded", "for=192.0.2.7")]
    public async Task A_request_through_a_proxy_that_is_not_named_cannot_sign_in(string header, string value)
    {
        using var anna = await HubUser.SetUpAsync(_hub, Token);
        using var elsewhere = new HubUser(_hub);
        elsewhere.Http.DefaultRequestHeaders.Add(header, value);
        elsewhere.Http.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        var (status, body) = await elsewhere.SignInAsync("anna", HubUser.Password, Token);
        status.ShouldBe(HttpStatusCode.Forbidden);
        body.ShouldContain("HUB_TRUSTED_PROXIES");
    }

    [Fact]
    public async Task A_request_that_comes_without_TLS_from_elsewhere_cannot_sign_in_and_one_by_TLS_gets_a_cookie_of_this_host_only()
    {
        using var folder = new TemporaryFolder();
        var options = new HubOptions
        {
            Urls = "http://127.0.0.1:0",
            DataPath = folder.Path,
            AdminKey = HubFixture.AdminKey,
            LogLevel = LogLevel.Warning,
            PasswordRounds = 100,
            TrustedProxies = TrustedProxies.Load("127.0.0.1"),
        };
        await using var app = await HubApplication.BuildAsync(options, ct: Token);
        await app.StartAsync(Token);
        var hash = await app.Services.GetRequiredService<Passwords>().HashAsync(HubUser.Password, Token);
        await app.Services.GetRequiredService<Users>().AddAsync("anna", Role.Viewer, [], hash, asFirst: false, Token);
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = new Uri(app.Urls.Single()) };
        client.DefaultRequestHeaders.Add("X-Forwarded-For", "192.0.2.7");

        async Task<(HttpStatusCode Status, string Body, string? Cookie)> SignInAsync()
        {
            using var content = new StringContent($$"""{"name":"anna","password":"{{HubUser.Password}}"}""", Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync("/api/login", content, Token);
            var cookies = answer.Headers.TryGetValues("Set-Cookie", out var values) ? values.Single() : null;
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Token), cookies);
        }

        var (status, body, _) = await SignInAsync();
        status.ShouldBe(HttpStatusCode.Forbidden);
        body.ShouldContain("TLS");
        client.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        var cookie = (await SignInAsync()).Cookie.ShouldNotBeNull();
        cookie.ShouldMatch("^__Host-dockmon=[0-9a-f]{64}; max-age=[0-9]+; path=/; secure; samesite=strict; httponly$");
    }
}
