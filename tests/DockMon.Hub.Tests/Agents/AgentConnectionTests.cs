using System.Net.WebSockets;
using DockMon.Hub.Agents.Delivery;
using DockMon.Hub.Agents;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Tests.Api;
using DockMon.Protocol;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Agents;

public sealed class AgentConnectionTests : HubTests
{
    [Fact]
    public void Frames_wait_up_to_a_number_and_more_are_refused()
    {
        using var socket = new ClientWebSocket();
        var connection = new AgentConnection(socket, frameLimit: 1);
        var queued = 0;
        while (connection.TrySend([1]))
        {
            queued++.ShouldBeLessThan(100_000);
        }

        queued.ShouldBe(AgentConnection.MostFrames);
    }

    [Fact]
    public void Frames_wait_up_to_a_size_and_a_single_large_one_waits_in_any_case()
    {
        using var socket = new ClientWebSocket();
        var connection = new AgentConnection(socket, frameLimit: 1);
        var large = new byte[AgentConnection.MostBytes + 1];
        connection.TrySend(large).ShouldBeTrue();
        connection.TrySend([1]).ShouldBeFalse();
    }

    [Fact]
    public void What_is_closed_takes_no_more_frames()
    {
        using var socket = new ClientWebSocket();
        var connection = new AgentConnection(socket, frameLimit: 1);
        connection.Close(WebSocketCloseStatus.NormalClosure, "");
        connection.Close(WebSocketCloseStatus.NormalClosure, "again");
        connection.TrySend([1]).ShouldBeFalse();
    }

    [Fact]
    public void A_session_whose_agent_does_not_read_says_that_it_is_not_connected()
    {
        using var socket = new ClientWebSocket();
        var connection = new AgentConnection(socket, frameLimit: 1);
        var known = Agents.Get(Agent.HostId);
        var session = new AgentSession(known.Host, connection, known.Quota, new DeliveryStream(Stream.Null));
        while (connection.TrySend([1]))
        {
            // Until there is no room.
        }

        Should.Throw<AgentException>(() => session.Send([1])).Failure.ShouldBe(AgentFailure.NotConnected);
        Should.Throw<AgentException>(() => session.OpenShell("c1")).Failure.ShouldBe(AgentFailure.NotConnected);
    }

    [Fact]
    public async Task The_first_reason_to_close_is_the_one_that_is_told()
    {
        var session = Agents.Get(Agent.HostId);
        session.End(WebSocketCloseStatus.PolicyViolation, "the first");
        session.End(WebSocketCloseStatus.NormalClosure, "the second");
        (await Agent.ReadAsync(Token)).ShouldBeNull();
        (Agent.Socket.CloseStatus, Agent.Socket.CloseStatusDescription).ShouldBe((WebSocketCloseStatus.PolicyViolation, "the first"));
    }

    [Fact]
    public async Task A_frame_of_the_largest_size_is_read_and_one_byte_more_closes_the_socket()
    {
        const string Event = """{"type":"event","command":"update_complete","payload":{"marker":"large"}}""";
        await Agent.SendAsync(Event + new string(' ', ProtocolLimits.ControlFrameBytes - Event.Length), Token);
        await UntilReadAsync();
        Feed().Count(item => FeedText.Lines(item)[2].Contains("large", StringComparison.Ordinal)).ShouldBe(1);
        await Agent.SendAsync(new string(' ', ProtocolLimits.ControlFrameBytes + 1), Token);
        (await Agent.ReadAsync(Token)).ShouldBeNull();
        Agent.Socket.CloseStatus.ShouldBe(WebSocketCloseStatus.MessageTooBig);
        Agent.Socket.CloseStatusDescription!.ShouldContain("16777216");
    }

    [Fact]
    public async Task A_frame_in_many_parts_is_one_frame()
    {
        var text = """{"type":"event","command":"update_complete","payload":{"marker":"parts"}}"""u8.ToArray();
        for (var i = 0; i < text.Length; i++)
        {
            await Agent.Socket.SendAsync(text.AsMemory(i, 1), WebSocketMessageType.Text, endOfMessage: i == text.Length - 1, Token);
        }

        await UntilReadAsync();
        Feed().Count(item => FeedText.Lines(item)[2].Contains("parts", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"type":"weather"}""")]
    [InlineData("""{"type":7}""")]
    [InlineData("""{"type":"event"}""")]
    [InlineData("""{"type":"event","command":"container_event"}""")]
    [InlineData("""{"type":"event","command":"no_such_event","payload":{}}""")]
    [InlineData("""{"type":"stats"}""")]
    [InlineData("""{"type":"stats","stats":null}""")]
    [InlineData("""{"type":"response"}""")]
    [InlineData("""{"type":"response","id":"nobody-asked"}""")]
    [InlineData("""{"type":"response","id":7}""")]
    [InlineData("""{"correlation_id":"nobody-asked","success":true}""")]
    [InlineData("""{"type":"register","token":"again"}""")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    [InlineData("")]
    public async Task A_frame_that_means_nothing_is_passed_over_and_the_next_is_read(string frame)
    {
        await Agent.SendAsync(frame, Token);
        await UntilReadAsync();
        IsConnected.ShouldBeTrue();
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task The_control_path_without_a_socket_wants_an_upgrade(string method)
    {
        var (status, _) = await Hub.AskAsync(new HttpMethod(method), "/" + ProtocolLimits.ControlPath, null, Token);
        status.ShouldBe(System.Net.HttpStatusCode.UpgradeRequired);
    }

    [Fact]
    public async Task An_agent_that_closes_before_it_registers_leaves_no_trace()
    {
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(Hub.Socket(ProtocolLimits.ControlPath), Token);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "changed its mind", Token);
        (await HubFixture.ReadAsync(socket, Token)).ShouldBeNull();
        socket.CloseStatus.ShouldBe(WebSocketCloseStatus.NormalClosure);
        IsConnected.ShouldBeTrue();
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"type":"event"}""")]
    public async Task A_first_frame_that_is_no_registration_is_refused_with_words(string frame)
    {
        using var socket = await Hub.DialAsync(frame, Token);
        (await HubFixture.ReadAsync(socket, Token))!.ShouldContain("auth_error");
        (await HubFixture.ReadAsync(socket, Token)).ShouldBeNull();
        socket.CloseStatus.ShouldBe(WebSocketCloseStatus.PolicyViolation);
    }

    [Fact]
    public async Task A_first_frame_that_is_binary_is_told_what_is_read()
    {
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(Hub.Socket(ProtocolLimits.ControlPath), Token);
        await socket.SendAsync(new byte[] { 1 }, WebSocketMessageType.Binary, endOfMessage: true, Token);
        (await HubFixture.ReadAsync(socket, Token)).ShouldBeNull();
        socket.CloseStatus.ShouldBe(WebSocketCloseStatus.InvalidMessageType);
    }

    [Fact]
    public async Task An_older_connection_that_ends_late_does_not_disconnect_the_newer_one()
    {
        var older = Agents.Get(Agent.HostId);
        await Hub.ReconnectAsync(Agent, Token);
        (await Agent.ReadAsync(Token)).ShouldBeNull();
        Agents.Disconnect(older);
        IsConnected.ShouldBeTrue();
        Feed().ShouldNotContain(item => item.Name == FeedNames.HostDisconnected);
    }
}
