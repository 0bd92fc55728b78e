using System.Net;
using System.Text.Json;
using DockMon.Hub.Api.Feeds;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Api;

public sealed class EventStreamTests : HubTests
{
    [Fact]
    public async Task A_listener_who_comes_back_with_the_last_id_gets_what_came_since_and_no_gap()
    {
        string last;
        using (var first = await FollowAsync())
        {
            await SendAsync("heard");
            var (id, _, data) = await NextAsync(first);
            data.ShouldContain("heard");
            last = id;
        }

        await SendAsync("missed 1");
        await SendAsync("missed 2");
        await UntilReadAsync();
        using var again = await FollowAsync(last);
        foreach (var expected in new[] { "missed 1", "missed 2" })
        {
            var (_, name, data) = await NextAsync(again);
            name.ShouldBe("deploy_progress");
            data.ShouldContain(expected);
        }
    }

    [Fact]
    public async Task A_listener_who_was_away_for_longer_than_is_remembered_is_told_of_the_gap_first()
    {
        using var first = await FollowAsync();
        await SendAsync("heard");
        var (last, _, _) = await NextAsync(first);
        for (var i = 0; i < EventFeed.MostItems + 10; i++)
        {
            await SendAsync("missed");
        }

        await UntilReadAsync();
        using var again = await FollowAsync(last);
        var (_, name, data) = await NextAsync(again);
        name.ShouldBe(FeedNames.Gap);
        JsonElement.Parse(data).GetProperty("data").GetProperty("reason").GetString()!.ShouldContain("missing");
        (await NextAsync(again)).Name.ShouldBe("deploy_progress");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("-1")]
    [InlineData("99999999999999999999")]
    public async Task A_listener_without_an_id_that_is_a_number_hears_only_what_comes_now(string? id)
    {
        await SendAsync("before");
        await UntilReadAsync();
        using var reader = await FollowAsync(id);
        await SendAsync("now");
        (await NextAsync(reader)).Data.ShouldContain("now");
    }

    [Fact]
    public async Task The_stream_says_that_it_is_alive_while_nothing_happens()
    {
        using var reader = await FollowAsync();
        (await reader.ReadLineAsync(Token)).ShouldBe("");
        var line = reader.ReadLineAsync(Token).AsTask();
        await Retry.UntilAsync("a comment comes", () =>
        {
            Hub.Time.Advance(TimeSpan.FromSeconds(15));
            return line.IsCompleted;
        }, ct: Token);
        (await line).ShouldBe(": alive");
        await SendAsync("later");
        (await NextAsync(reader)).Data.ShouldContain("later");
    }

    [Fact]
    public async Task The_stream_ends_when_the_hub_stops()
    {
        using var reader = await FollowAsync();
        await Hub.App.StopAsync(Token);
        (await reader.ReadToEndAsync(Token)).Trim().ShouldBe("");
    }

    [Fact]
    public async Task The_stream_is_not_cached_and_wants_the_key()
    {
        using var answer = await Hub.Http.GetAsync("/api/stream", HttpCompletionOption.ResponseHeadersRead, Token);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        answer.Headers.CacheControl!.NoStore.ShouldBeTrue();
        using var stranger = new HttpClient(new SocketsHttpHandler()) { BaseAddress = Hub.Http.BaseAddress };
        using var refused = await stranger.GetAsync("/api/stream", Token);
        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Every_listener_hears_everything_and_the_comings_and_goings_of_hosts()
    {
        using var one = await FollowAsync();
        using var two = await FollowAsync();
        var other = await Hub.StartAgentAsync(Token, "ENGINE:2", "another");
        other.Socket.Abort();
        foreach (var reader in new[] { one, two })
        {
            foreach (var name in new[] { FeedNames.HostConnected, FeedNames.HostDisconnected })
            {
                var item = await NextAsync(reader);
                item.Name.ShouldBe(name);
                JsonElement.Parse(item.Data).GetProperty("host_id").GetString().ShouldBe(other.HostId);
            }
        }
    }

    private Task SendAsync(string text) => Agent.SendEventAsync("deploy_progress", $$"""{"text":"{{text}}"}""", Token);

    private async Task<StreamReader> FollowAsync(string? lastId = null)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, "/api/stream");
        message.Headers.TryAddWithoutValidation("Last-Event-ID", lastId);
        var answer = await Hub.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, Token);
        var reader = new StreamReader(await answer.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(Token));
        (await reader.ReadLineAsync(Token)).ShouldBe(": connected");
        return reader;
    }

    /// <summary>The next event; comments are passed over.</summary>
    private static async Task<(string Id, string Name, string Data)> NextAsync(StreamReader reader)
    {
        var fields = new Dictionary<string, string> { ["id"] = "" };
        while (!fields.ContainsKey("data"))
        {
            var line = await reader.ReadLineAsync(Token) ?? throw new EndOfStreamException("The stream ended.");
            if (line.IndexOf(": ", StringComparison.Ordinal) is > 0 and var colon)
            {
                fields[line[..colon]] = line[(colon + 2)..];
            }
        }

        return (fields["id"], fields["event"], fields["data"]);
    }
}
