using System.Net;
using System.Text.Json;
using DockMon.Protocol;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Api;

public sealed class TokenApiTests : HubTests
{
    [Theory]
    [InlineData(null, 1)]
    [InlineData("{}", 1)]
    [InlineData("""{"max_uses":null}""", 1)]
    [InlineData("""{"max_uses":10000}""", 10000)]
    public async Task A_token_is_good_for_one_registration_unless_more_are_asked_for(string? body, int uses)
    {
        var (status, text) = await Hub.AskAsync(HttpMethod.Post, "/api/tokens", body, Token);
        status.ShouldBe(HttpStatusCode.OK);
        var token = JsonElement.Parse(text);
        token.GetProperty("max_uses").GetInt32().ShouldBe(uses);
        token.GetProperty("token").GetString()!.Length.ShouldBe(32);
        token.GetProperty("expires_at").GetString().ShouldBe("2026-11-23T12:15:00Z");
    }

    [Fact]
    public async Task The_list_of_tokens_shows_their_uses_and_never_their_values()
    {
        var token = await Hub.NewTokenAsync(Token, maxUses: 5);
        await Hub.RegisterAsync(HubFixture.Request(token, "ENGINE:2"), Token);
        var (_, text) = await Hub.AskAsync(HttpMethod.Get, "/api/tokens", null, Token);
        text.ShouldNotContain(token);
        JsonElement.Parse(text).EnumerateArray().Select(entry => (entry.GetProperty("max_uses").GetInt32(), entry.GetProperty("uses").GetInt32()))
            .ShouldBe([(1, 1), (5, 1)], ignoreOrder: true);
    }

    [Fact]
    public async Task A_deleted_token_lets_nobody_in_and_takes_nothing_from_those_it_let_in()
    {
        var created = JsonElement.Parse((await Hub.AskAsync(HttpMethod.Post, "/api/tokens", """{"max_uses":5}""", Token)).Body);
        var (id, token) = (created.GetProperty("id").GetString(), created.GetProperty("token").GetString()!);
        var (_, first) = await Hub.RegisterAsync(HubFixture.Request(token, "ENGINE:2"), Token);

        (await Hub.AskAsync(HttpMethod.Delete, "/api/tokens/" + id, null, Token)).Status.ShouldBe(HttpStatusCode.NoContent);
        var (status, text) = await Hub.AskAsync(HttpMethod.Delete, "/api/tokens/" + id, null, Token);
        status.ShouldBe(HttpStatusCode.NotFound);
        JsonElement.Parse(text).GetProperty("detail").GetString()!.ShouldContain(id!);

        var (_, refused) = await Hub.RegisterAsync(HubFixture.Request(token, "ENGINE:3"), Token);
        refused.GetProperty("error").GetString().ShouldBe(AuthRejections.InvalidToken);
        var (_, back) = await Hub.RegisterAsync(HubFixture.Request(first.GetProperty("permanent_token").GetString()!, "ENGINE:2"), Token);
        back.GetProperty("type").GetString().ShouldBe("auth_success");
    }

    [Fact]
    public async Task A_token_lets_in_as_many_engines_as_it_has_uses_and_the_next_is_refused()
    {
        var token = await Hub.NewTokenAsync(Token, maxUses: 2);
        foreach (var engine in new[] { "ENGINE:2", "ENGINE:3" })
        {
            var (_, answer) = await Hub.RegisterAsync(HubFixture.Request(token, engine), Token);
            answer.GetProperty("type").GetString().ShouldBe("auth_success");
        }

        var (_, refused) = await Hub.RegisterAsync(HubFixture.Request(token, "ENGINE:4"), Token);
        refused.GetProperty("error").GetString().ShouldBe(AuthRejections.UsedUpToken);
    }

    [Fact]
    public async Task A_second_after_its_time_a_token_is_expired_and_a_second_before_it_is_not()
    {
        var token = await Hub.NewTokenAsync(Token, maxUses: 2);
        Hub.Time.Advance(TimeSpan.FromMinutes(15) - TimeSpan.FromSeconds(1));
        var (_, good) = await Hub.RegisterAsync(HubFixture.Request(token, "ENGINE:2"), Token);
        good.GetProperty("type").GetString().ShouldBe("auth_success");
        Hub.Time.Advance(TimeSpan.FromSeconds(1));
        var (_, late) = await Hub.RegisterAsync(HubFixture.Request(token, "ENGINE:3"), Token);
        late.GetProperty("error").GetString().ShouldBe(AuthRejections.ExpiredToken);
    }

    [Fact]
    public async Task Health_says_the_version_and_needs_no_key()
    {
        using var stranger = new HttpClient(new SocketsHttpHandler()) { BaseAddress = Hub.Http.BaseAddress };
        var health = JsonElement.Parse(await stranger.GetStringAsync("/health", Token));
        health.GetProperty("status").GetString().ShouldBe("ok");
        health.GetProperty("version").GetString().ShouldBe(HubApplication.Version);
    }

    [Theory]
    [InlineData("Bearer wrong-key-of-some-length", null)]
    [InlineData("Basic " + HubFixture.AdminKey, null)]
    [InlineData(null, "wrong")]
    [InlineData(null, null)]
    public async Task A_wrong_key_is_unauthorized_and_says_what_is_wanted(string? authorization, string? key)
    {
        using var stranger = new HttpClient(new SocketsHttpHandler()) { BaseAddress = Hub.Http.BaseAddress };
        using var message = new HttpRequestMessage(HttpMethod.Get, "/api/tokens");
        message.Headers.TryAddWithoutValidation("Authorization", authorization);
        message.Headers.TryAddWithoutValidation("X-Api-Key", key);
        using var answer = await stranger.SendAsync(message, Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        answer.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer");
        JsonElement.Parse(await answer.Content.ReadAsStringAsync(Token)).GetProperty("status").GetInt32().ShouldBe(401);
    }
}
