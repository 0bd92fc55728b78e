using System.Net.WebSockets;
using System.Text.Json;
using DockMon.Hub.Agents;
using DockMon.Hub.Agents.Limits;
using DockMon.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Agents.Limits;

public sealed class HostQuotaTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly LogCapture _log = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Frames_are_free_up_to_the_burst_and_cost_time_beyond()
    {
        var quota = Quota(new AgentLimits { FramesPerSecond = 10, FrameBurst = 20 });
        for (var i = 0; i < 20; i++)
        {
            quota.Take(1).ShouldBe(TimeSpan.Zero);
        }

        quota.Take(1).ShouldBe(TimeSpan.FromSeconds(0.1));
        quota.Take(1).ShouldBe(TimeSpan.FromSeconds(0.2));
        _time.Advance(TimeSpan.FromSeconds(0.5));
        quota.Take(1).ShouldBe(TimeSpan.Zero);
        _time.Advance(TimeSpan.FromHours(1));
        Enumerable.Range(0, 21).Count(_ => quota.Take(1) > TimeSpan.Zero).ShouldBe(1, "nothing is saved up beyond the burst");
    }

    [Fact]
    public void Bytes_have_a_rate_of_their_own()
    {
        var quota = Quota(new AgentLimits { BytesPerSecond = 100, ByteBurst = 1000 });
        quota.Take(1000).ShouldBe(TimeSpan.Zero);
        quota.Take(300).ShouldBe(TimeSpan.FromSeconds(3));
        quota.Reached.ShouldBe(new Dictionary<string, long> { ["bytes"] = 1 });
    }

    [Fact]
    public void A_limit_is_told_once_a_minute_with_its_count_and_counted_for_the_api()
    {
        var quota = Quota(new AgentLimits());
        quota.Reached.ShouldBeNull();
        quota.Reach(HostLimit.InvalidFrames, "one");
        quota.Reach(HostLimit.InvalidFrames, "two");
        quota.Reach(HostLimit.Shells, "three");
        _time.Advance(TimeSpan.FromMinutes(1));
        quota.Reach(HostLimit.InvalidFrames, "four");
        _log.Lines.ShouldBe([
            "Warning: Host h1 reached its limit of invalid_frames (1 times since the last such message): one",
            "Warning: Host h1 reached its limit of shells (1 times since the last such message): three",
            "Warning: Host h1 reached its limit of invalid_frames (2 times since the last such message): four",
        ]);
        quota.Reached.ShouldBe(new Dictionary<string, long> { ["invalid_frames"] = 3, ["shells"] = 1 }, ignoreOrder: true);
    }

    [Fact]
    public async Task A_host_that_sends_too_much_is_read_more_slowly_and_costs_no_other_host_anything()
    {
        await using var hub = await HubFixture.StartAsync(Token, new AgentLimits { FramesPerSecond = 10, FrameBurst = 20 });
        var busy = await hub.StartAgentAsync(Token, "ENGINE:1", "busy");
        var other = await hub.StartAgentAsync(Token, "ENGINE:2", "other");
        for (var i = 0; i < 40; i++)
        {
            await busy.SendEventAsync("container_event", $$"""{"container_id":"c","action":"start","timestamp":"{{i}}"}""", Token);
        }

        await Retry.UntilAsync("the burst was read", async () => await EventsAsync(hub, busy) == 21, ct: Token);
        await other.SendEventAsync("container_event", """{"container_id":"c","action":"start","timestamp":"1"}""", Token);
        await Retry.UntilAsync("the other's event was read", async () => await EventsAsync(hub, other) == 1, ct: Token);
        (await EventsAsync(hub, busy)).ShouldBe(21);
        (await HostAsync(hub, busy)).GetProperty("limits_reached").GetProperty("frames").GetInt64().ShouldBe(1);
        (await HostAsync(hub, other)).TryGetProperty("limits_reached", out _).ShouldBeFalse();

        await Retry.UntilAsync(
            "the rest was read, a second's worth each second",
            async () =>
            {
                hub.Time.Advance(TimeSpan.FromSeconds(1));
                return await EventsAsync(hub, busy) == 40;
            },
            ct: Token);
    }

    [Fact]
    public async Task A_host_that_is_removed_while_it_has_to_wait_is_gone_at_once()
    {
        await using var hub = await HubFixture.StartAsync(Token, new AgentLimits { FramesPerSecond = 1, FrameBurst = 1 });
        var busy = await hub.StartAgentAsync(Token);
        await busy.SendAsync("{}", Token);
        await busy.SendAsync("{}", Token);
        await Retry.UntilAsync("it waits", () => Quotas(hub).Reached(busy.HostId)?.ContainsKey("frames") == true, ct: Token);
        await hub.Http.DeleteAsync($"/api/hosts/{busy.HostId}", Token);
        (await busy.ReadAsync(Token)).ShouldBeNull();
        busy.Socket.CloseStatus.ShouldBe(WebSocketCloseStatus.PolicyViolation);
        Quotas(hub).Reached(busy.HostId).ShouldBeNull("nothing is left of it");
    }

    [Fact]
    public async Task Shells_and_waiting_requests_of_a_host_are_bounded()
    {
        await using var hub = await HubFixture.StartAsync(Token, new AgentLimits { Shells = 1, Requests = 1 });
        var agent = await hub.StartAgentAsync(Token);
        var session = hub.App.Services.GetRequiredService<AgentRegistry>().Get(agent.HostId);
        var shell = session.OpenShell("c1");
        Should.Throw<AgentException>(() => session.OpenShell("c2")).Message.ShouldContain("close one first");
        shell.Dispose();
        session.OpenShell("c3").Dispose();

        var waiting = hub.Http.GetStringAsync($"/api/hosts/{agent.HostId}/system", Token);
        JsonElement request;
        do
        {
            request = await agent.ReadFrameAsync(Token);
        }
        while (request.GetProperty("type").GetString() != "command");
        var (_, refused) = await hub.AskAsync(HttpMethod.Get, $"/api/hosts/{agent.HostId}/system", null, Token);
        refused.ShouldContain("try again later");
        await agent.AnswerAsync(request, """{"ok":true}""", Token);
        (await waiting).ShouldContain("ok");
        session.Quota.Reached.ShouldBe(new Dictionary<string, long> { ["shells"] = 1, ["requests"] = 1 }, ignoreOrder: true);
    }

    private static HostQuotas Quotas(HubFixture hub) => hub.App.Services.GetRequiredService<HostQuotas>();

    private static async Task<int> EventsAsync(HubFixture hub, FakeAgent agent) =>
        JsonElement.Parse(await hub.Http.GetStringAsync($"/api/hosts/{agent.HostId}/events?limit=1000", Token)).GetArrayLength();

    private static async Task<JsonElement> HostAsync(HubFixture hub, FakeAgent agent) =>
        JsonElement.Parse(await hub.Http.GetStringAsync($"/api/hosts/{agent.HostId}", Token));

    private HostQuota Quota(AgentLimits limits) => new("h1", limits, _time, _log.CreateLogger<HostQuotas>());
}
