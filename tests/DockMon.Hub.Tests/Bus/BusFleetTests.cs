using System.Net;
using DockMon.Hub.Agents;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Bus;
using DockMon.Hub.Bus.Nats;
using DockMon.Hub.Bus.Streams;
using DockMon.Hub.Storage;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Bus;

public sealed class InProcessFleetTests : FleetBehaviour
{
    private readonly InProcessBus _bus = new();

    [Fact]
    public async Task A_hub_that_ends_without_goodbye_is_gone_after_a_while_and_so_are_its_agents()
    {
        var agent = await StartAgentAsync();
        await SilenceAsync(One);
        (await IsConnectedAsync(Two, agent)).ShouldBeTrue();
        await Retry.UntilAsync("the hub is gone", async () =>
        {
            Time.Advance(Owners.Beat);
            return !await IsConnectedAsync(Two, agent);
        }, ct: Token);
        await Retry.UntilAsync("the feed says so", () => Feed(Two, agent.HostId) is [.., FeedNames.HostDisconnected], ct: Token);
        var again = await Two.ReconnectAsync(agent, Token);
        (await IsConnectedAsync(Two, again)).ShouldBeTrue();
    }

    [Fact]
    public async Task While_the_bus_is_down_each_hub_serves_its_own_agents_and_says_so_of_the_others()
    {
        var agent = await StartAgentAsync();
        _bus.Set(up: false);
        var asking = CommandAsync(One, agent, CommandNames.ListImages);
        await agent.AnswerAsync(await agent.ReadFrameAsync(Token), "[]", Token);
        (await asking).Status.ShouldBe(HttpStatusCode.OK);
        var (status, body) = await CommandAsync(Two, agent, CommandNames.ListImages);
        status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        body.ShouldContain("NATS");
        Time.Advance(Owners.Silence * 2);
        (await IsConnectedAsync(Two, agent)).ShouldBeFalse();
        _bus.Set(up: true);
        await UntilConnectedAsync(Two, agent);
        Service<EventFeed>(Two).Listen(long.MaxValue / 2).TakeGap().ShouldBeTrue();
    }

    [Fact]
    public async Task What_happened_while_the_bus_was_down_is_found_in_the_database()
    {
        var agent = await StartAgentAsync();
        _bus.Set(up: false);
        var again = await Two.ReconnectAsync(agent, Token);
        Service<AgentRegistry>(One).IsConnected(agent.HostId).ShouldBeTrue();
        _bus.Set(up: true);
        (await agent.ReadAsync(Token)).ShouldBeNull();
        agent.Socket.CloseStatusDescription.ShouldBe("New connection established");
        await UntilConnectedAsync(One, again);
        var asking = CommandAsync(One, again, CommandNames.ListImages);
        await again.AnswerAsync(await again.ReadFrameAsync(Token), "[]", Token);
        (await asking).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_command_whose_answer_was_lost_between_the_hubs_is_asked_again_when_the_bus_is_back()
    {
        var agent = await One.ReconnectAsync(await StartAgentAsync(), Token, ExtensionNames.CommandIds);
        await UntilConnectedAsync(Two, agent);
        var asking = CommandAsync(Two, agent, CommandNames.PruneImages);
        var request = await agent.ReadFrameAsync(Token);
        _bus.Set(up: false);
        await agent.AnswerAsync(request, "{}", Token);
        await agent.SendEventAsync(EventNames.DeployProgress, "{}", Token);
        await Retry.UntilAsync("the hub has read the answer", () => Feed(One, agent.HostId).Contains(EventNames.DeployProgress), ct: Token);
        asking.IsCompleted.ShouldBeFalse();
        _bus.Set(up: true);
        var repeated = await agent.ReadFrameAsync(Token);
        repeated.GetRawText().ShouldBe(request.GetRawText());
        await agent.AnswerAsync(repeated, "{}", Token);
        (await asking).ShouldBe((HttpStatusCode.OK, "{}"));
    }

    [Fact]
    public async Task A_hub_that_cannot_read_where_an_agent_is_says_so_and_goes_on_waiting_for_what_may_be_done()
    {
        var agent = await One.ReconnectAsync(await StartAgentAsync(), Token, ExtensionNames.CommandIds);
        await UntilConnectedAsync(Two, agent);
        var asking = CommandAsync(Two, agent, CommandNames.PruneImages);
        var request = await agent.ReadFrameAsync(Token);
        await SilenceAsync(One);
        var database = Service<Database>(Two);
        await database.ExecuteAsync("ALTER TABLE agent_sessions RENAME TO away", Token);

        // It is asked again when the bus was down, and nobody is there to take it.
        _bus.Set(up: false);
        _bus.Set(up: true);
        var (status, body) = await CommandAsync(Two, agent, CommandNames.PruneNetworks);
        status.ShouldBe(HttpStatusCode.ServiceUnavailable, body);
        body.ShouldContain("cannot be read now");
        asking.IsCompleted.ShouldBeFalse("it was sent, and 503 would say that it was not done");
        await database.ExecuteAsync("ALTER TABLE away RENAME TO agent_sessions", Token);
        var again = await Two.ReconnectAsync(agent, Token, ExtensionNames.CommandIds);
        var repeated = await again.ReadFrameAsync(Token);
        repeated.GetRawText().ShouldBe(request.GetRawText());
        await again.AnswerAsync(repeated, "{}", Token);
        (await asking).ShouldBe((HttpStatusCode.OK, "{}"));
    }

    [Fact]
    public async Task A_host_that_was_removed_while_the_bus_was_down_is_found_to_be_removed()
    {
        var agent = await StartAgentAsync();
        _bus.Set(up: false);
        (await Two.AskAsync(HttpMethod.Delete, Path(agent), null, Token)).Status.ShouldBe(HttpStatusCode.NoContent);
        _bus.Set(up: true);
        (await agent.ReadAsync(Token)).ShouldBeNull();
        agent.Socket.CloseStatusDescription.ShouldBe("Host removed");
    }

    [Fact]
    public async Task A_user_who_leaves_while_a_shell_is_opened_across_hubs_leaves_none_behind()
    {
        var agent = await StartAgentAsync();
        var gone = new CancellationToken(canceled: true);
        await Should.ThrowAsync<OperationCanceledException>(() => Service<AgentShells>(Two).OpenAsync(agent.HostId, "c1", gone));
        (await agent.ReadFrameAsync(Token)).GetProperty("payload").GetProperty("action").GetString().ShouldBe("start");
        (await agent.ReadFrameAsync(Token)).GetProperty("payload").GetProperty("action").GetString().ShouldBe("close");
    }

    [Fact]
    public async Task A_reader_whose_hub_ends_without_goodbye_leaves_no_log_behind()
    {
        var agent = await StartFollowableAsync();
        using var reader = await OpenAsync(Two.Http, LogPath(agent));
        var id = (await ReadLogAsync(agent, "start")).GetProperty("stream_id").GetString();
        await SilenceAsync(Two);
        var stopping = UntilStoppedAsync();
        await Retry.UntilAsync("the log is stopped", () =>
        {
            Time.Advance(Owners.Beat);
            return stopping.IsCompleted;
        }, ct: Token);
        await stopping;

        // The hub in the test is not dead, and asks for the log again.
        async Task UntilStoppedAsync()
        {
            while ((await agent.ReadFrameAsync(Token)).GetProperty("payload") is var payload
                && (payload.GetProperty("stream_id").GetString(), payload.GetProperty("action").GetString()) != (id, "stop"))
            {
                // A new log, or credit.
            }
        }
    }

    [Fact]
    public async Task A_log_whose_hub_ends_without_goodbye_goes_on_when_the_agent_is_at_another()
    {
        var agent = await StartFollowableAsync();
        using var reader = await OpenAsync(Two.Http, LogPath(agent));
        await SendLinesAsync(agent, await ReadLogAsync(agent, "start"), 1, (1, "one"));
        TextsOf((await NextAsync(reader)).Data).ShouldBe(["one"]);
        await SilenceAsync(One);
        var waiting = NextAsync(reader);
        await Retry.UntilAsync("the reader is told", () =>
        {
            Time.Advance(Owners.Beat);
            return waiting.IsCompleted;
        }, ct: Token);
        (await waiting).Name.ShouldBe("waiting");
        agent = await Two.ReconnectAsync(agent, Token, ExtensionNames.LogStream);
        await SendLinesAsync(agent, await ReadLogAsync(agent, "start"), 1, (1, "one"), (2, "two"));
        TextsOf((await NextAsync(reader)).Data).ShouldBe(["two"]);
    }

    /// <summary>Takes a hub off the bus without a word, as if it were killed.</summary>
    private static async Task SilenceAsync(HubFixture hub) => await Service<HubLink>(hub).StopAsync();

    private protected override Task<HubFixture> StartHubAsync(string data, FakeTimeProvider time) => StartHubAsync(data, time, _bus, null);
}

public sealed class NatsFleetTests : FleetBehaviour
{
    private NatsServer _server = null!;

    [Fact]
    public async Task A_fleet_goes_on_when_nats_is_back()
    {
        var agent = await StartAgentAsync();
        await _server.KillAsync();
        await Retry.UntilAsync("the hub knows", () => !Service<HubLink>(Two).IsUp, ct: Token);
        (await CommandAsync(Two, agent, CommandNames.ListImages)).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        await _server.StartAgainAsync(Token);
        await Retry.UntilAsync("both are back", () => Service<HubLink>(One).IsUp && Service<HubLink>(Two).IsUp, ct: Token);
        var asking = CommandAsync(Two, agent, CommandNames.ListImages);
        await agent.AnswerAsync(await agent.ReadFrameAsync(Token), "[]", Token);
        (await asking).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_log_across_hubs_waits_while_nats_is_away_and_goes_on_when_it_is_back()
    {
        var agent = await StartFollowableAsync();
        using var reader = await OpenAsync(Two.Http, LogPath(agent));
        await SendLinesAsync(agent, await ReadLogAsync(agent, "start"), 1, (1, "one"));
        TextsOf((await NextAsync(reader)).Data).ShouldBe(["one"]);
        await _server.KillAsync();
        (await NextAsync(reader)).Name.ShouldBe("waiting");
        await ReadLogAsync(agent, "stop");
        await _server.StartAgainAsync(Token);
        await SendLinesAsync(agent, await ReadLogAsync(agent, "start"), 1, (1, "one"), (2, "two"));
        TextsOf((await NextAsync(reader)).Data).ShouldBe(["two"]);
    }

    [Fact]
    public async Task A_hub_starts_while_nats_is_not_there_and_joins_when_it_is()
    {
        await _server.KillAsync();
        var third = await StartAsync();
        var agent = await third.StartAgentAsync(Token);
        (await IsConnectedAsync(third, agent)).ShouldBeTrue();
        await _server.StartAgainAsync(Token);
        await UntilConnectedAsync(One, agent);
        var asking = CommandAsync(One, agent, CommandNames.ListImages);
        await agent.AnswerAsync(await agent.ReadFrameAsync(Token), "[]", Token);
        (await asking).Status.ShouldBe(HttpStatusCode.OK);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _server.DisposeAsync();
    }

    protected override async Task PrepareAsync() => _server = await NatsServer.StartAsync(Token);

    private protected override Task<HubFixture> StartHubAsync(string data, FakeTimeProvider time) =>
        StartHubAsync(data, time, null, NatsSettings.Parse(_server.Url, null, null));
}
