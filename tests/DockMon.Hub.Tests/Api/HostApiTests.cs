using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Api;

public sealed class HostApiTests : HubTests
{
    [Fact]
    public async Task A_host_is_shown_with_what_its_agent_said_and_without_its_token()
    {
        var (_, text) = await Hub.AskAsync(HttpMethod.Get, HostPath, null, Token);
        text.ShouldNotContain(Agent.PermanentToken);
        var host = JsonElement.Parse(text);
        host.GetProperty("hostname").GetString().ShouldBe("host");
        host.GetProperty("connected").GetBoolean().ShouldBeTrue();
        host.GetProperty("registration").GetProperty("capabilities").GetProperty("something_new").GetBoolean().ShouldBeTrue();
        host.GetProperty("registration").GetProperty("token").GetString().ShouldBe("");
    }

    [Fact]
    public async Task Hosts_are_listed_by_name_and_each_with_whether_it_is_connected()
    {
        await Hub.StartAgentAsync(Token, "ENGINE:2", "another");
        await LoseAgentAsync();
        var hosts = JsonElement.Parse((await Hub.AskAsync(HttpMethod.Get, "/api/hosts", null, Token)).Body);
        hosts.EnumerateArray().Select(host => (host.GetProperty("hostname").GetString(), host.GetProperty("connected").GetBoolean()))
            .ShouldBe([("another", true), ("host", false)]);
    }

    [Fact]
    public async Task A_host_that_was_removed_is_unknown_and_its_agent_with_it()
    {
        (await Hub.AskAsync(HttpMethod.Delete, HostPath, null, Token)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await Hub.AskAsync(HttpMethod.Delete, HostPath, null, Token)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await Hub.AskAsync(HttpMethod.Get, "/api/hosts", null, Token)).Body.ShouldBe("[]");

        var (_, answer) = await Hub.RegisterAsync(HubFixture.Request(Agent.PermanentToken), Token);
        answer.GetProperty("error").GetString().ShouldBe(AuthRejections.InvalidToken);
        await Should.ThrowAsync<WebSocketException>(() => Hub.ConnectStatsAsync(Agent.PermanentToken, Token));
    }

    [Fact]
    public async Task A_host_that_registers_anew_after_its_removal_has_none_of_its_events()
    {
        await Agent.SendEventAsync("container_event", """{"container_id":"c1","action":"die","timestamp":"t"}""", Token);
        await UntilReadAsync();
        (await Hub.AskAsync(HttpMethod.Get, HostPath + "/events", null, Token)).Body.ShouldContain("die");
        await Hub.AskAsync(HttpMethod.Delete, HostPath, null, Token);
        var again = await Hub.StartAgentAsync(Token);
        again.HostId.ShouldNotBe(Agent.HostId);
        (await Hub.AskAsync(HttpMethod.Get, $"/api/hosts/{again.HostId}/events", null, Token)).Body.ShouldBe("[]");
    }

    [Theory]
    [InlineData("", 5)]
    [InlineData("?limit=2", 2)]
    [InlineData("?limit=0", 1)]
    [InlineData("?limit=-1", 1)]
    [InlineData("?limit=2000000000", 5)]
    public async Task Events_come_newest_first_and_no_more_than_asked_for(string query, int count)
    {
        for (var i = 0; i < 5; i++)
        {
            await Agent.SendEventAsync("container_event", $$"""{"container_id":"c","action":"die","timestamp":"{{i}}"}""", Token);
        }

        await UntilReadAsync();
        var events = JsonElement.Parse((await Hub.AskAsync(HttpMethod.Get, HostPath + "/events" + query, null, Token)).Body);
        events.EnumerateArray().Select(e => e.GetProperty("timestamp").GetString()).ShouldBe(Enumerable.Range(0, count).Select(i => $"{4 - i}"));
    }

    [Fact]
    public async Task Stats_are_empty_without_samples_and_then_the_newest_of_the_host_and_each_container()
    {
        (await Hub.AskAsync(HttpMethod.Get, HostPath + "/stats", null, Token)).Body.ShouldBe("""{"containers":{}}""");
        foreach (var cpu in new[] { 1, 2 })
        {
            await Agent.SendAsync($$$"""{"type":"stats","stats":{"cpu_percent":{{{cpu}}}}}""", Token);
            await Agent.SendEventAsync("container_stats", $$"""{"container_id":"c1","cpu_percent":{{cpu}}}""", Token);
            await Agent.SendEventAsync("container_stats", $$"""{"container_id":7,"cpu_percent":{{cpu}}}""", Token);
            await Agent.SendEventAsync("container_stats", "[]", Token);
            await UntilReadAsync();
            Hub.Time.Advance(TimeSpan.FromSeconds(2));
        }

        (await Hub.AskAsync(HttpMethod.Get, HostPath + "/stats", null, Token)).Body
            .ShouldBe("""{"host":{"cpu_percent":2},"containers":{"c1":{"container_id":"c1","cpu_percent":2}}}""");
    }

    [Fact]
    public async Task The_history_of_samples_is_the_hosts_own_unless_a_container_is_named()
    {
        await Agent.SendAsync("""{"type":"stats","stats":{"cpu_percent":1}}""", Token);
        await Agent.SendEventAsync("container_stats", """{"container_id":"c1","cpu_percent":2}""", Token);
        await UntilReadAsync();
        foreach (var (query, cpu) in new[] { ("", "1"), ("?container_id=c1", "2") })
        {
            var history = JsonElement.Parse((await Hub.AskAsync(HttpMethod.Get, HostPath + "/stats/history" + query, null, Token)).Body);
            history.EnumerateArray().Single().GetProperty("stats").GetProperty("cpu_percent").GetRawText().ShouldBe(cpu);
        }

        (await Hub.AskAsync(HttpMethod.Get, HostPath + "/stats/history?container_id=nobody", null, Token)).Body.ShouldBe("[]");
        Hub.Time.Advance(TimeSpan.FromMinutes(6));
        (await Hub.AskAsync(HttpMethod.Get, HostPath + "/stats/history", null, Token)).Body.ShouldBe("[]");
    }

    [Fact]
    public async Task A_host_was_last_seen_when_its_connection_ended()
    {
        Hub.Time.Advance(TimeSpan.FromHours(1));
        await LoseAgentAsync();
        await Retry.UntilAsync(
            "the end is stored",
            async () => (await Hub.AskAsync(HttpMethod.Get, HostPath, null, Token)).Body.Contains(
                "\"last_seen\":\"2026-11-23T13:00:00Z\"",
                StringComparison.Ordinal),
            ct: Token);
    }
}
