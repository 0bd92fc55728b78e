using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using DockMon.Hub.Agents.Limits;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Agents.Admission;

public sealed class AgentGateTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly LogCapture _log = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_web_page_gets_no_socket_of_an_agent()
    {
        await using var hub = await HubFixture.StartAsync(Token);
        var agent = await hub.StartAgentAsync(Token);
        foreach (var path in new[] { ProtocolLimits.ControlPath, ProtocolLimits.StatsPath })
        {
            using var socket = new ClientWebSocket();
            socket.Options.CollectHttpResponseDetails = true;
            socket.Options.SetRequestHeader("Origin", "https://elsewhere.example");
            socket.Options.SetRequestHeader("Authorization", "Bearer " + agent.PermanentToken);
            await Should.ThrowAsync<WebSocketException>(() => socket.ConnectAsync(hub.Socket(path), Token));
            socket.HttpStatusCode.ShouldBe(HttpStatusCode.Forbidden);
        }
    }

    [Fact]
    public void Wrong_tokens_are_told_once_a_minute_and_answered_slowly_where_there_are_many()
    {
        var wrong = new WrongTokens(_time, _log.CreateLogger<WrongTokens>());
        for (var i = 0; i < WrongTokens.Free; i++)
        {
            wrong.Count(IPAddress.Parse("10.0.0.1"), "no such token").ShouldBe(TimeSpan.Zero);
        }

        wrong.Count(IPAddress.Parse("10.0.0.1"), "no such token").ShouldBe(WrongTokens.Delay);
        wrong.Count(IPAddress.Parse("10.0.0.2"), "no such token").ShouldBe(TimeSpan.Zero, "another address has done nothing");
        _time.Advance(TimeSpan.FromSeconds(61));
        wrong.Count(IPAddress.Parse("10.0.0.1"), "no such token").ShouldBe(TimeSpan.Zero);
        _log.Lines.Length.ShouldBe(2);
        _log.Lines[1].ShouldStartWith($"Warning: Refused {WrongTokens.Free + 2} registrations or tokens since the last such message, the newest from 10.0.0.1");
    }

    [Fact]
    public async Task Who_tries_many_tokens_waits_for_the_answer_and_another_agent_does_not()
    {
        await using var hub = await HubFixture.StartAsync(Token);
        for (var i = 0; i < WrongTokens.Free; i++)
        {
            var (refused, answer) = await hub.RegisterAsync(HubFixture.Request("wrong"), Token);
            answer.GetProperty("type").GetString().ShouldBe("auth_error");
            refused.Dispose();
        }

        using var socket = await hub.DialAsync(JsonSerializer.Serialize(HubFixture.Request("wrong"), ProtocolJson.Default.RegisterRequest), Token);
        var reading = HubFixture.ReadAsync(socket, Token);
        await hub.StartAgentAsync(Token);
        reading.IsCompleted.ShouldBeFalse();
        await Retry.UntilAsync(
            "it has its answer",
            () =>
            {
                hub.Time.Advance(WrongTokens.Delay);
                return reading.IsCompleted;
            },
            ct: Token);
        (await reading)!.ShouldContain("auth_error");
    }
}
