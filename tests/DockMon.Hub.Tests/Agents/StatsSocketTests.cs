using System.Net;
using System.Net.WebSockets;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Agents;

public sealed class StatsSocketTests : HubTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("nobody's-token")]
    [InlineData("")]
    public async Task A_stats_socket_without_a_hosts_token_is_unauthorized(string? token)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        if (token is not null)
        {
            socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        }

        await Should.ThrowAsync<WebSocketException>(() => socket.ConnectAsync(Hub.Socket(ProtocolLimits.StatsPath), Token));
        socket.HttpStatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task While_the_database_cannot_be_read_a_stats_socket_is_to_come_back()
    {
        await ExecuteAsync("ALTER TABLE hosts RENAME TO hosts_gone");
        (await Should.ThrowAsync<WebSocketException>(() => Hub.ConnectStatsAsync(Agent.PermanentToken, Token))).Message.ShouldContain("503");
        await ExecuteAsync("ALTER TABLE hosts_gone RENAME TO hosts");

        // What the hub had to write for the agent meanwhile may have cost it its connection, without which no sample counts.
        await Hub.ReconnectAsync(Agent, Token);
        await SampleArrivesAsync(await Hub.ConnectStatsAsync(Agent.PermanentToken, Token));
    }

    [Fact]
    public async Task A_registration_token_opens_no_stats_socket()
    {
        var token = await Hub.NewTokenAsync(Token);
        (await Should.ThrowAsync<WebSocketException>(() => Hub.ConnectStatsAsync(token, Token))).Message.ShouldContain("401");
    }

    [Fact]
    public async Task A_request_with_the_token_but_without_a_socket_wants_an_upgrade()
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, "/" + ProtocolLimits.StatsPath);
        message.Headers.TryAddWithoutValidation("Authorization", "Bearer " + Agent.PermanentToken);
        using var http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = Hub.Http.BaseAddress };
        using var answer = await http.SendAsync(message, Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.UpgradeRequired);
    }

    [Fact]
    public async Task A_newer_stats_socket_replaces_the_older_one()
    {
        var older = await Hub.ConnectStatsAsync(Agent.PermanentToken, Token);
        // A connected socket is counted a moment later: only what it brought says that it is the older one for the hub, too.
        await SampleArrivesAsync(older, "first");
        var newer = await Hub.ConnectStatsAsync(Agent.PermanentToken, Token);
        (await HubFixture.ReadAsync(older, Token)).ShouldBeNull();
        (older.CloseStatus, older.CloseStatusDescription).ShouldBe((WebSocketCloseStatus.NormalClosure, "New connection established"));
        await SampleArrivesAsync(newer);
    }

    [Fact]
    public async Task Samples_that_are_none_cost_nothing_and_the_next_one_counts()
    {
        var socket = await Hub.ConnectStatsAsync(Agent.PermanentToken, Token);
        foreach (var text in new[] { "no json", "[]", "7", "{}", """{"container_id":"\ud800"}""", """{"container_id":null}""", new string('[', 1000) })
        {
            await HubFixture.SendAsync(socket, text, Token);
        }

        await SampleArrivesAsync(socket);
    }

    [Fact]
    public async Task A_sample_of_the_largest_size_is_read_and_one_byte_more_closes_the_socket()
    {
        var socket = await Hub.ConnectStatsAsync(Agent.PermanentToken, Token);
        const string Start = """{"container_id":"c1","x":""";
        await HubFixture.SendAsync(socket, Start + new string('1', ProtocolLimits.StatsFrameBytes - Start.Length - 1) + "}", Token);
        await ArrivesAsync("c1");
        await HubFixture.SendAsync(socket, new string(' ', ProtocolLimits.StatsFrameBytes + 1), Token);
        (await HubFixture.ReadAsync(socket, Token)).ShouldBeNull();
        socket.CloseStatus.ShouldBe(WebSocketCloseStatus.MessageTooBig);
        IsConnected.ShouldBeTrue("the control socket is another one");
    }

    [Fact]
    public async Task A_binary_frame_closes_the_socket_and_the_agent_may_come_again()
    {
        var socket = await Hub.ConnectStatsAsync(Agent.PermanentToken, Token);
        await socket.SendAsync(new byte[] { 1 }, WebSocketMessageType.Binary, endOfMessage: true, Token);
        (await HubFixture.ReadAsync(socket, Token)).ShouldBeNull();
        socket.CloseStatus.ShouldBe(WebSocketCloseStatus.InvalidMessageType);
        await SampleArrivesAsync(await Hub.ConnectStatsAsync(Agent.PermanentToken, Token));
    }

    [Fact]
    public async Task Samples_over_both_sockets_within_half_a_second_are_kept_once()
    {
        var socket = await Hub.ConnectStatsAsync(Agent.PermanentToken, Token);
        await HubFixture.SendAsync(socket, """{"container_id":"c1","cpu_percent":1}""", Token);
        await ArrivesAsync("c1");
        await Agent.SendEventAsync("container_stats", """{"container_id":"c1","cpu_percent":2}""", Token);
        await UntilReadAsync();
        var (_, history) = await Hub.AskAsync(HttpMethod.Get, HostPath + "/stats/history?container_id=c1", null, Token);
        System.Text.Json.JsonElement.Parse(history).GetArrayLength().ShouldBe(1);
    }

    private async Task SampleArrivesAsync(ClientWebSocket socket, string container = "next")
    {
        await HubFixture.SendAsync(socket, $$"""{"container_id":"{{container}}","cpu_percent":1}""", Token);
        await ArrivesAsync(container);
    }

    private Task ArrivesAsync(string container) => Retry.UntilAsync(
        "the sample is there",
        async () => (await Hub.AskAsync(HttpMethod.Get, HostPath + "/stats", null, Token)).Body.Contains($"\"{container}\":", StringComparison.Ordinal),
        ct: Token);
}
