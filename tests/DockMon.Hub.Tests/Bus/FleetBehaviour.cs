using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using DockMon.Hub.Agents;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Bus;
using DockMon.Hub.Operations;
using DockMon.Hub.Tests.Api;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Bus;

/// <summary>What a fleet does, over whichever bus.</summary>
public abstract partial class FleetBehaviour : FleetTests
{
    [Fact]
    public async Task A_command_reaches_an_agent_of_another_hub_and_its_answer_comes_back()
    {
        var agent = await StartAgentAsync();
        var asking = CommandAsync(Two, agent, CommandNames.ListImages);
        var request = await agent.ReadFrameAsync(Token);
        request.GetProperty("command").GetString().ShouldBe(CommandNames.ListImages);
        var large = $"\"{new string('x', 3_000_000)}\"";
        await agent.AnswerAsync(request, large, Token);
        (await asking).ShouldBe((HttpStatusCode.OK, large));

        var operating = Two.AskAsync(HttpMethod.Post, Path(agent, "/containers/c1/restart"), null, Token);
        await agent.AnswerOperationAsync(await agent.ReadFrameAsync(Token), "\"success\":true,\"status\":\"restarted\"", Token);
        var (status, body) = await operating;
        status.ShouldBe(HttpStatusCode.OK);
        body.ShouldContain("restarted");
    }

    [Fact]
    public async Task An_agent_that_comes_to_another_hub_is_taken_from_the_first_and_is_connected_all_the_time()
    {
        var agent = await StartAgentAsync();
        var again = await Two.ReconnectAsync(agent, Token);
        (await agent.ReadAsync(Token)).ShouldBeNull();
        (agent.Socket.CloseStatus, agent.Socket.CloseStatusDescription).ShouldBe((WebSocketCloseStatus.NormalClosure, "New connection established"));
        await Retry.UntilAsync("the first hub has let it go", () => !Service<AgentRegistry>(One).IsConnected(agent.HostId), ct: Token);
        (await IsConnectedAsync(One, agent)).ShouldBeTrue();
        foreach (var hub in new[] { One, Two })
        {
            Feed(hub, agent.HostId).ShouldBe([FeedNames.HostConnected, FeedNames.HostConnected]);
        }

        var asking = CommandAsync(One, agent, CommandNames.ListImages);
        await again.AnswerAsync(await again.ReadFrameAsync(Token), "[1]", Token);
        (await asking).ShouldBe((HttpStatusCode.OK, "[1]"));
    }

    [Fact]
    public async Task Changes_that_come_from_a_list_after_its_agent_went_to_another_hub_have_the_name_of_the_host()
    {
        var agent = await StartAgentAsync();
        await Two.ListAsync(agent, """[{"Id":"c1","Names":["/web"],"State":"running","Status":"Up 1 second"}]""", Token);
        var feed = Service<EventFeed>(Two);
        var listener = feed.Listen(0);
        feed.Leave(listener);
        var changes = FeedText.TakeAll(listener).Single(item => item.Name == FeedNames.ContainersChanged);
        var row = FeedText.Data(changes).GetProperty("data").GetProperty("added")[0];
        var host = JsonElement.Parse((await One.AskAsync(HttpMethod.Get, Path(agent), null, Token)).Body);
        row.GetProperty("host").GetString().ShouldBe(host.GetProperty("hostname").GetString());
    }

    [Fact]
    public async Task Requests_with_one_key_at_two_hubs_in_the_same_instant_begin_one_operation()
    {
        var agent = await StartAgentAsync();
        var asking = new[] { One, Two, One, Two }.Select(hub => Task.Run(
            async () =>
            {
                using var message = new HttpRequestMessage(HttpMethod.Put, Path(agent, "/stacks/shop"));
                message.Headers.Add(OperationApi.Key, "6f6bc4a0-7b39-4d06-8f0c-0f36a7a0c5d1");
                message.Content = new StringContent("""{"compose":"services: {}","revision":""}""", Encoding.UTF8, "application/json");
                using var answer = await hub.Http.SendAsync(message, Token);
                return answer.StatusCode;
            },
            Token)).ToList();
        await agent.AnswerAsync(await agent.ReadFrameAsync(Token), "{}", Token);
        (await Task.WhenAll(asking)).ShouldAllBe(status => status == HttpStatusCode.Accepted);
        (await Service<OperationStore>(Two).ListAsync([agent.HostId], 10, Token)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task An_answer_that_arrives_at_another_hub_than_the_request_went_out_from_finds_who_waits()
    {
        var agent = await StartAgentAsync();
        var asking = CommandAsync(One, agent, CommandNames.PruneImages);
        var request = await agent.ReadFrameAsync(Token);
        var again = await Two.ReconnectAsync(agent, Token);
        await again.AnswerAsync(request, "{}", Token);
        (await asking).ShouldBe((HttpStatusCode.OK, "{}"));
    }

    [Fact]
    public async Task A_read_is_asked_again_on_the_next_connection_and_anything_else_is_not()
    {
        var agent = await StartAgentAsync();
        var reading = CommandAsync(Two, agent, CommandNames.ListImages);
        await agent.ReadFrameAsync(Token);
        var pruning = CommandAsync(Two, agent, CommandNames.PruneImages, limit: 60);
        await agent.ReadFrameAsync(Token);
        var again = await One.ReconnectAsync(agent, Token);
        var repeated = await again.ReadFrameAsync(Token);
        repeated.GetProperty("command").GetString().ShouldBe(CommandNames.ListImages);
        await again.AnswerAsync(repeated, "[]", Token);
        (await reading).ShouldBe((HttpStatusCode.OK, "[]"));
        var silent = again.ReadFrameAsync(Token);
        await Retry.UntilAsync("it is late", () =>
        {
            Time.Advance(TimeSpan.FromSeconds(5));
            return pruning.IsCompleted;
        }, ct: Token);
        var (status, body) = await pruning;
        status.ShouldBe(HttpStatusCode.GatewayTimeout);
        body.ShouldContain("may have been done");
        silent.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task Commands_of_an_agent_that_goes_from_hub_to_hub_are_done_once_each()
    {
        var agent = new CuttingAgent([One, Two], await StartAgentAsync(ExtensionNames.CommandIds), seed: 11);
        await RepeatedCommandTests.RunAsync(agent, [One, Two], commands: 30, Token);
        agent.Cuts.ShouldBeGreaterThan(15);
    }

    [Fact]
    public async Task Comings_and_goings_and_events_are_in_the_feed_of_every_hub()
    {
        var agent = await StartAgentAsync();
        await agent.SendEventAsync(EventNames.DeployProgress, """{"text":"for all"}""", Token);
        agent.Socket.Abort();
        await UntilConnectedAsync(Two, agent, connected: false);
        foreach (var hub in new[] { One, Two })
        {
            await Retry.UntilAsync("the feed has all", () => Feed(hub, agent.HostId).Count == 3, ct: Token);
            Feed(hub, agent.HostId).ShouldBe([FeedNames.HostConnected, EventNames.DeployProgress, FeedNames.HostDisconnected]);
        }

        (await CommandAsync(Two, agent, CommandNames.ListImages)).Status.ShouldBe(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task Samples_go_to_another_hub_only_while_somebody_listens_there()
    {
        const string Sample = """{"container_id":"c1","cpu_percent":1}""";
        var agent = await StartAgentAsync();
        var (owners, feed) = (Service<Owners>(One), Service<EventFeed>(Two));
        owners.OthersWatch.ShouldBeFalse();
        var listener = feed.Listen(null);
        await Retry.UntilAsync("the first hub knows", () => owners.OthersWatch, ct: Token);
        await Retry.UntilAsync("a sample comes", async () =>
        {
            await agent.SendEventAsync(EventNames.ContainerStats, Sample, Token);
            return FeedText.TakeAll(listener).Any(item => item.Name == EventNames.ContainerStats);
        }, ct: Token);
        feed.Leave(listener);
        await Retry.UntilAsync("the first hub knows", () => !owners.OthersWatch, ct: Token);
    }

    [Fact]
    public async Task An_update_begun_at_one_hub_is_followed_at_every_hub()
    {
        var agent = await StartAgentAsync();
        var beginning = Two.AskAsync(HttpMethod.Post, Path(agent, "/containers/c1/update"), """{"image":"nginx:2"}""", Token);
        await agent.AnswerAsync(await agent.ReadFrameAsync(Token), """{"status":"update_started"}""", Token);
        var (status, body) = await beginning;
        status.ShouldBe(HttpStatusCode.Accepted);
        var operation = "/api/operations/" + System.Text.Json.JsonElement.Parse(body).GetProperty("id").GetString();
        await agent.SendEventAsync(EventNames.UpdateProgress, """{"container_id":"c1","stage":"pulling","message":"Pulling"}""", Token);
        await agent.SendEventAsync(EventNames.UpdateComplete, """{"old_container_id":"c1","new_container_id":"c2","container_name":"web"}""", Token);
        foreach (var hub in new[] { One, Two })
        {
            await Retry.UntilAsync(
                "the end is told", async () => (await hub.AskAsync(HttpMethod.Get, operation, null, Token)).Body.Contains("\"succeeded\""), ct: Token);
            await Retry.UntilAsync("each change is told", () => Feed(hub, agent.HostId).Count(name => name == FeedNames.OperationChanged) == 2, ct: Token);
        }
    }

    [Fact]
    public async Task A_removed_host_is_gone_from_every_hub()
    {
        var agent = await StartAgentAsync();
        var stats = await One.ConnectStatsAsync(agent.PermanentToken, Token);
        (await Two.AskAsync(HttpMethod.Delete, Path(agent), null, Token)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await agent.ReadAsync(Token)).ShouldBeNull();
        agent.Socket.CloseStatus.ShouldBe(WebSocketCloseStatus.PolicyViolation);
        (await HubFixture.ReadAsync(stats, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task New_health_checks_reach_an_agent_of_another_hub()
    {
        var agent = await StartAgentAsync();
        const string Checks = """[{"container_id":"c1","url":"http://127.0.0.1/","enabled":true}]""";
        (await Two.AskAsync(HttpMethod.Put, Path(agent, "/health-checks"), Checks, Token)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await agent.ReadFrameAsync(Token)).GetProperty("type").GetString().ShouldBe(FrameTypes.HealthCheckConfigsSync);
    }

    [Fact]
    public async Task A_shell_runs_across_hubs_and_its_end_arrives()
    {
        var agent = await StartAgentAsync();
        using var user = await Two.ConnectUserAsync(Path(agent, "/containers/c1/shell"), Token);
        var start = (await agent.ReadFrameAsync(Token)).GetProperty("payload");
        (start.GetProperty("action").GetString(), start.GetProperty("container_id").GetString()).ShouldBe(("start", "c1"));
        var id = start.GetProperty("session_id").GetString();
        await user.SendAsync("input"u8.ToArray(), WebSocketMessageType.Binary, endOfMessage: true, Token);
        (await agent.ReadFrameAsync(Token)).GetProperty("payload").GetProperty("data").GetString().ShouldBe(Convert.ToBase64String("input"u8));
        var output = new string('o', 200_000);
        await agent.SendEventAsync(
            EventNames.ShellData, $$"""{"session_id":"{{id}}","action":"data","data":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(output))}}"}""", Token);
        (await HubFixture.ReadAsync(user, Token)).ShouldBe(output);
        await agent.SendEventAsync(EventNames.ShellData, $$"""{"session_id":"{{id}}","action":"closed","error":"it is over"}""", Token);
        (await HubFixture.ReadAsync(user, Token)).ShouldBeNull();
        user.CloseStatusDescription.ShouldBe("it is over");
    }

    [Fact]
    public async Task A_user_who_closes_a_shell_across_hubs_closes_it_at_the_agent()
    {
        var agent = await StartAgentAsync();
        using var user = await Two.ConnectUserAsync(Path(agent, "/containers/c1/shell"), Token);
        await agent.ReadFrameAsync(Token);
        await user.CloseAsync(WebSocketCloseStatus.NormalClosure, "", Token);
        (await agent.ReadFrameAsync(Token)).GetProperty("payload").GetProperty("action").GetString().ShouldBe("close");
    }

    [Fact]
    public async Task A_shell_whose_agent_is_lost_ends_across_hubs()
    {
        var agent = await StartAgentAsync();
        using var user = await Two.ConnectUserAsync(Path(agent, "/containers/c1/shell"), Token);
        await agent.ReadFrameAsync(Token);
        agent.Socket.Abort();
        (await HubFixture.ReadAsync(user, Token)).ShouldBeNull();
        user.CloseStatusDescription!.ShouldContain("lost");
    }

    [Fact]
    public async Task A_hub_that_stops_says_so_to_its_agents_and_callers_wait_for_their_next_connection()
    {
        var agent = await StartAgentAsync();
        var stopping = One.App.StopAsync(Token);
        (await agent.ReadAsync(Token)).ShouldBeNull();
        agent.Socket.CloseStatus.ShouldBe(WebSocketCloseStatus.EndpointUnavailable);
        await stopping;
        await UntilConnectedAsync(Two, agent, connected: false);
        var asking = CommandAsync(Two, agent, CommandNames.PruneImages);
        var again = await Two.ReconnectAsync(agent, Token);
        await again.AnswerAsync(await again.ReadFrameAsync(Token), "{}", Token);
        (await asking).ShouldBe((HttpStatusCode.OK, "{}"));
    }

    [Fact]
    public async Task A_listener_who_comes_from_another_hub_is_told_of_a_gap()
    {
        var agent = await StartAgentAsync();
        await agent.SendEventAsync(EventNames.DeployProgress, "{}", Token);
        await Retry.UntilAsync("both have it", () => Feed(One, agent.HostId).Count == 2 && Feed(Two, agent.HostId).Count == 2, ct: Token);
        var listener = Service<EventFeed>(One).Listen(0);
        var last = FeedText.TakeAll(listener)[^1].Id;
        var same = Service<EventFeed>(One).Listen(last);
        (same.TakeGap(), FeedText.TakeAll(same).Count).ShouldBe((false, 0));
        Service<EventFeed>(Two).Listen(last).TakeGap().ShouldBeTrue();
    }
}
