using System.Net;
using System.Net.WebSockets;
using DockMon.Hub.Agents;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Agents;

public sealed class UnregisteredSocketsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly LogCapture _log = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sockets_without_a_token_are_bounded_in_number_bytes_and_time_and_make_room_again()
    {
        await using var hub = await HubFixture.StartAsync(Token);
        var sockets = new List<ClientWebSocket>();
        try
        {
            var refused = 0;
            for (var i = 0; i < 240; i++)
            {
                var socket = new ClientWebSocket();
                socket.Options.CollectHttpResponseDetails = true;
                sockets.Add(socket);
                try
                {
                    await socket.ConnectAsync(hub.Socket(ProtocolLimits.ControlPath), Token);
                }
                catch (WebSocketException) when (socket.HttpStatusCode == HttpStatusCode.ServiceUnavailable)
                {
                    refused++;
                }
            }

            refused.ShouldBe(240 - UnregisteredSockets.MostOfAddress);
            var open = sockets.Where(socket => socket.State == WebSocketState.Open).ToList();

            // A frame in parts, as large as a registered agent may send: it is not read on beyond what a registration can be.
            await open[0].SendAsync(new byte[UnregisteredSockets.FrameBytes], WebSocketMessageType.Text, endOfMessage: false, Token);
            await open[0].SendAsync(new byte[] { 0 }, WebSocketMessageType.Text, endOfMessage: false, Token);
            (await HubFixture.ReadAsync(open[0], Token)).ShouldBeNull();
            open[0].CloseStatus.ShouldBe(WebSocketCloseStatus.MessageTooBig);

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
            sockets.ForEach(socket => socket.Dispose());
        }
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
    public void Places_are_counted_by_address_and_in_all_and_refusals_are_told_once_a_minute()
    {
        var sockets = new UnregisteredSockets(_time, _log.CreateLogger<UnregisteredSockets>());
        var one = Fill(sockets, _ => "10.0.0.1");
        one.Count.ShouldBe(UnregisteredSockets.MostOfAddress);
        sockets.TryEnter(IPAddress.Parse("::ffff:10.0.0.1")).ShouldBeNull("it is the same address");

        // Every address of a network of IPv6 is one neighbour's.
        Fill(sockets, i => $"2001:db8::{i + 1:x}").Count.ShouldBe(UnregisteredSockets.Most - UnregisteredSockets.MostOfAddress);
        sockets.TryEnter(IPAddress.Parse("10.0.0.2")).ShouldBeNull("all places are taken");
        _log.Lines.Length.ShouldBe(1);

        one[0].Dispose();
        one[0].Dispose();
        sockets.TryEnter(IPAddress.Parse("10.0.0.2")).ShouldNotBeNull();
        sockets.TryEnter(IPAddress.Parse("10.0.0.2")).ShouldBeNull("a place is given back once");

        _time.Advance(TimeSpan.FromMinutes(1));
        sockets.TryEnter(IPAddress.Parse("10.0.0.2")).ShouldBeNull();
        _log.Lines.Length.ShouldBe(2);
        _log.Lines[0].ShouldStartWith("Warning: Refused 1 sockets");
        _log.Lines[1].ShouldContain("10.0.0.2");
        _log.Lines[1].ShouldStartWith("Warning: Refused 5 sockets");
    }

    [Fact]
    public void One_network_of_IPv6_is_one_address()
    {
        var sockets = new UnregisteredSockets(_time, _log.CreateLogger<UnregisteredSockets>());
        Fill(sockets, i => $"2001:db8::{i + 1:x}").Count.ShouldBe(UnregisteredSockets.MostOfAddress);
        sockets.TryEnter(IPAddress.Parse("2001:db8:0:1::1")).ShouldNotBeNull();
    }

    private static List<IDisposable> Fill(UnregisteredSockets sockets, Func<int, string> address)
    {
        var places = new List<IDisposable>();
        while (sockets.TryEnter(IPAddress.Parse(address(places.Count))) is { } place)
        {
            places.Add(place);
        }

        return places;
    }
}
