using System.Net;
using System.Text.Json;
using DockMon.Hub.Access;
using DockMon.Hub.Tests.Access;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Bus;

/// <content>What one hub changes of who may do what, and the others heed at once.</content>
public abstract partial class FleetBehaviour
{
    [Fact]
    public async Task A_token_that_is_deleted_at_one_hub_ends_its_streams_at_another()
    {
        using var program = new HubUser(Two, (await HubUser.WithTokenAsync(One, "viewer", Token)).TokenValue);
        using var stream = await OpenAsync(program, "/api/stream");
        var tokens = JsonElement.Parse((await One.AskAsync(HttpMethod.Get, "/api/access-tokens", null, Token)).Body);
        var id = tokens.EnumerateArray().Single().GetProperty("id").GetString();
        (await One.AskAsync(HttpMethod.Delete, $"/api/access-tokens/{id}", null, Token)).Status.ShouldBe(HttpStatusCode.NoContent);
        await UntilCutAsync(stream);
        (await program.GetAsync("/api/hosts", Token)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_user_whose_role_changes_at_one_hub_loses_sessions_and_streams_of_another()
    {
        foreach (var (name, role) in new[] { ("anna", "admin"), ("bert", "operator") })
        {
            await One.AskAsync(HttpMethod.Post, "/api/users", $$"""{"name":"{{name}}","role":"{{role}}","password":"{{HubUser.Password}}"}""", Token);
        }

        using var bert = new HubUser(Two);
        await bert.SignInAsync("bert", HubUser.Password, Token);
        using var stream = await OpenAsync(bert, "/api/stream");
        (await One.AskAsync(HttpMethod.Put, "/api/users/bert", """{"role":"viewer"}""", Token)).Status.ShouldBe(HttpStatusCode.OK);
        await UntilCutAsync(stream);
        (await bert.GetAsync("/api/me", Token)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Tags_that_a_host_gets_at_one_hub_count_at_another()
    {
        var agent = await StartAgentAsync();
        await TagAsync("web");
        using var narrow = new HubUser(Two, (await HubUser.WithTokenAsync(One, "viewer", Token, "web")).TokenValue);
        (await narrow.GetAsync(Path(agent), Token)).Status.ShouldBe(HttpStatusCode.OK);
        using var stream = await OpenAsync(narrow, "/api/stream");
        await TagAsync("other");
        await UntilCutAsync(stream);
        (await narrow.GetAsync(Path(agent), Token)).Status.ShouldBe(HttpStatusCode.NotFound);

        async Task TagAsync(string tag)
        {
            (await One.AskAsync(HttpMethod.Put, Path(agent, "/tags"), $$"""{"tags":["{{tag}}"]}""", Token)).Status.ShouldBe(HttpStatusCode.NoContent);
            await Retry.UntilAsync(
                "the other hub has the tag", async () => (await Two.AskAsync(HttpMethod.Get, Path(agent), null, Token)).Body.Contains(tag), ct: Token);
        }
    }

    /// <summary>Waits until a stream is cut, in less time than it takes until it would be looked at without a word of the other hub.</summary>
    private async Task UntilCutAsync(StreamReader stream)
    {
        var reading = stream.ReadToEndAsync(Token);
        var (polls, left) = (0, LiveRequests.Interval - LiveRequests.Pause);
        await Retry.UntilAsync("the stream is cut", () =>
        {
            // The hub has just looked, perhaps, because the token is new.
            if (++polls % 20 == 0 && left > TimeSpan.Zero)
            {
                left -= LiveRequests.Pause;
                Time.Advance(LiveRequests.Pause);
            }

            return reading.IsFaulted;
        }, ct: Token);
    }

    private static Task<StreamReader> OpenAsync(HubUser user, string path) => OpenAsync(user.Http, path);

    private protected static async Task<StreamReader> OpenAsync(HttpClient http, string path)
    {
        var answer = await http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Token));
        (await reader.ReadLineAsync(Token)).ShouldBe(": connected");
        return reader;
    }
}
