using System.Net;
using System.Net.WebSockets;
using DockMon.Hub.Agents.Limits;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Agents.Limits;

public sealed class UnregisteredSocketsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly LogCapture _log = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sockets_without_a_token_are_bounded_in_number_bytes_and_time_and_make_room_again()
    {
        await using var hub = await HubFixture.StartAsync(Token);
        var open = new List<ClientWebSocket>();
        try
        {
            await FillAsync(hub, open);

            // One more waits until somebody gives way.
            using var late = new ClientWebSocket();
            var waiting = late.ConnectAsync(hub.Socket(ProtocolLimits.ControlPath), Token);

            // A frame in parts, as large as a registered agent may send: it is not read on beyond what a registration can be.
            await open[0].SendAsync(new byte[UnregisteredSockets.FrameBytes], WebSocketMessageType.Text, endOfMessage: false, Token);
            await open[0].SendAsync(new byte[] { 0 }, WebSocketMessageType.Text, endOfMessage: false, Token);
            (await HubFixture.ReadAsync(open[0], Token)).ShouldBeNull();
            open[0].CloseStatus.ShouldBe(WebSocketCloseStatus.MessageTooBig);

            await waiting;
            hub.Time.Advance(UnregisteredSockets.RegisterWait);
            foreach (var socket in open[1..])
            {
                (await HubFixture.ReadAsync(socket, Token)).ShouldBeNull();
                (socket.CloseStatus, socket.CloseStatusDescription).ShouldBe((WebSocketCloseStatus.PolicyViolation, "No registration in time"));
                socket.Dispose();
            }

            await Retry.UntilAsync("there is room again", async () =>
            {
                var (agent, answer) = await hub.RegisterAsync(HubFixture.Request(await hub.NewTokenAsync(Token)), Token);
                agent.Dispose();
                return answer.GetProperty("type").GetString() == "auth_success";
            }, ct: Token);
        }
        finally
        {
            open.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task Sockets_that_are_only_held_open_keep_no_agent_out()
    {
        await using var hub = await HubFixture.StartAsync(Token);
        var silent = new List<ClientWebSocket>();
        try
        {
            await FillAsync(hub, silent);
            hub.Time.Advance(UnregisteredSockets.Grace);
            await hub.StartAgentAsync(Token);
            await Should.ThrowAsync<WebSocketException>(() => HubFixture.ReadAsync(silent[0], Token));
            silent[1].State.ShouldBe(WebSocketState.Open);
        }
        finally
        {
            silent.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public void The_oldest_silent_socket_gives_way_but_no_young_and_no_served_one()
    {
        var sockets = new UnregisteredSockets(_time, _log.CreateLogger<UnregisteredSockets>());
        var places = Fill(sockets, _ => "10.0.0.1");
        places[0].Serve(true);
        _time.Advance(UnregisteredSockets.Grace - TimeSpan.FromTicks(1));
        sockets.TryEnter(IPAddress.Parse("10.0.0.1")).ShouldBeNull("an agent on a slow link may be about to register");

        _time.Advance(TimeSpan.FromTicks(1));
        var newer = sockets.TryEnter(IPAddress.Parse("10.0.0.1")).ShouldNotBeNull();
        places.FindIndex(place => place.Displaced.IsCancellationRequested).ShouldBe(1);

        // Whoever gave way has no place to give back.
        places[1].Dispose();
        _time.Advance(TimeSpan.Zero);
        places[0].Dispose();
        sockets.TryEnter(IPAddress.Parse("10.0.0.1")).ShouldNotBeNull("that was free");
        newer.Displaced.IsCancellationRequested.ShouldBeFalse();
        _log.Lines.Count(line => line.Contains("make room", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public void Where_all_places_are_taken_the_address_with_the_most_gives_way()
    {
        var sockets = new UnregisteredSockets(_time, _log.CreateLogger<UnregisteredSockets>());
        var few = sockets.TryEnter(IPAddress.Parse("10.0.0.9"))!;
        var crowd = Fill(sockets, i => i < UnregisteredSockets.MostOfAddress ? "10.0.0.1" : $"10.1.{i / 250}.{i % 250}");
        crowd.Count.ShouldBe(UnregisteredSockets.Most - 1);
        _time.Advance(UnregisteredSockets.Grace);
        sockets.TryEnter(IPAddress.Parse("10.0.0.3")).ShouldNotBeNull();
        few.Displaced.IsCancellationRequested.ShouldBeFalse();
        crowd[0].Displaced.IsCancellationRequested.ShouldBeTrue();
    }

    [Fact]
    public async Task Agents_that_have_registered_take_no_place()
    {
        await using var hub = await HubFixture.StartAsync(Token);
        for (var i = 0; i <= UnregisteredSockets.MostOfAddress; i++)
        {
            var (_, answer) = await hub.RegisterAsync(HubFixture.Request(await hub.NewTokenAsync(Token), engine: $"ENGINE:{i}", hostname: $"h{i}"), Token);
            answer.GetProperty("type").GetString().ShouldBe("auth_success");
        }
    }

    [Fact]
    public async Task Places_are_counted_by_address_and_in_all_and_refusals_are_told_once_a_minute()
    {
        var sockets = new UnregisteredSockets(_time, _log.CreateLogger<UnregisteredSockets>());
        var one = Fill(sockets, _ => "10.0.0.1", served: true);
        one.Count.ShouldBe(UnregisteredSockets.MostOfAddress);
        (await IsRefusedAsync(sockets, "::ffff:10.0.0.1")).ShouldBeTrue("it is the same address");

        // Every address of a network of IPv6 is one neighbour's.
        Fill(sockets, i => $"2001:db8::{i + 1:x}", served: true).Count.ShouldBe(UnregisteredSockets.Most - UnregisteredSockets.MostOfAddress);
        (await IsRefusedAsync(sockets, "10.0.0.2")).ShouldBeTrue("all places are taken");
        _log.Lines.Length.ShouldBe(1);

        one[0].Dispose();
        one[0].Dispose();
        sockets.TryEnter(IPAddress.Parse("10.0.0.2")).ShouldNotBeNull().Serve(true);
        sockets.TryEnter(IPAddress.Parse("10.0.0.2")).ShouldBeNull("a place is given back once");

        _time.Advance(TimeSpan.FromMinutes(1));
        (await IsRefusedAsync(sockets, "10.0.0.2")).ShouldBeTrue();
        _log.Lines.Length.ShouldBe(2);
        _log.Lines[0].ShouldStartWith("Warning: Refused 1 sockets");
        _log.Lines[1].ShouldContain("10.0.0.2");
        _log.Lines[1].ShouldStartWith("Warning: Refused 2 sockets");
    }

    [Fact]
    public async Task Who_waits_for_a_place_gets_the_next_one_that_is_given_back()
    {
        var sockets = new UnregisteredSockets(_time, _log.CreateLogger<UnregisteredSockets>());
        var places = Fill(sockets, _ => "10.0.0.1", served: true);
        using var gone = new CancellationTokenSource();
        var first = sockets.EnterAsync(IPAddress.Parse("10.0.0.1"), gone.Token);
        var second = sockets.EnterAsync(IPAddress.Parse("10.0.0.1"), Token);
        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => first);
        second.IsCompleted.ShouldBeFalse();
        places[7].Dispose();
        (await second).ShouldNotBeNull();
        _log.Lines.ShouldBeEmpty();
    }

    [Fact]
    public void One_network_of_IPv6_is_one_address()
    {
        var sockets = new UnregisteredSockets(_time, _log.CreateLogger<UnregisteredSockets>());
        Fill(sockets, i => $"2001:db8::{i + 1:x}").Count.ShouldBe(UnregisteredSockets.MostOfAddress);
        sockets.TryEnter(IPAddress.Parse("2001:db8:0:1::1")).ShouldNotBeNull();
    }

    /// <summary>Takes all places of this address.</summary>
    private static async Task FillAsync(HubFixture hub, List<ClientWebSocket> sockets)
    {
        for (var i = 0; i < UnregisteredSockets.MostOfAddress; i++)
        {
            sockets.Add(new ClientWebSocket());
            await sockets[i].ConnectAsync(hub.Socket(ProtocolLimits.ControlPath), Token);
        }
    }

    private static List<UnregisteredSocket> Fill(UnregisteredSockets sockets, Func<int, string> address, bool served = false)
    {
        var places = new List<UnregisteredSocket>();
        while (sockets.TryEnter(IPAddress.Parse(address(places.Count))) is { } place)
        {
            place.Serve(served);
            places.Add(place);
        }

        return places;
    }

    private async Task<bool> IsRefusedAsync(UnregisteredSockets sockets, string address)
    {
        var entering = sockets.EnterAsync(IPAddress.Parse(address), Token);
        _time.Advance(UnregisteredSockets.LongestWait);
        return await entering is null;
    }
}
