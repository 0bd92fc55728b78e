using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using DockMon.Hub.Agents.Delivery;
using DockMon.Hub.Agents;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Tests.Api;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Agents;

public sealed class AgentSessionTests : HubTests
{
    [Fact]
    public async Task A_reconnect_that_dies_while_it_is_answered_leaves_a_host_that_is_disconnected_and_ends_the_shell_of_that_moment()
    {
        Shell? shell = null;
        var register = JsonSerializer.Serialize(HubFixture.Request(Agent.PermanentToken), ProtocolJson.Default.RegisterRequest);
        using var dying = new DyingSocket(register, () => shell = Agents.Find(Agent.HostId)!.OpenShell("c1"));
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpWebSocketFeature>(dying);
        context.Features.Set(new DeliveryStream(Stream.Null));
        await Service<AgentEndpoints>().ControlAsync(context);

        Agents.IsConnected(Agent.HostId).ShouldBeFalse();
        Feed().Select(item => item.Name).ShouldBe([FeedNames.HostConnected, FeedNames.HostConnected, FeedNames.HostDisconnected]);
        (await Should.ThrowAsync<AgentException>(async () =>
        {
            await foreach (var _ in shell!.ReadAllAsync(Token))
            {
                // Nothing comes.
            }
        })).Message.ShouldContain("lost");
        (await Agent.ReadAsync(Token)).ShouldBeNull();
    }

    [Fact]
    public void A_shell_cannot_be_opened_in_a_session_that_has_ended()
    {
        var session = Agents.Get(Agent.HostId);
        Agents.Disconnect(session);
        Should.Throw<AgentException>(() => session.OpenShell("c1")).Failure.ShouldBe(AgentFailure.NotConnected);
    }

    [Fact]
    public async Task What_an_agent_says_of_itself_now_is_what_is_told_and_what_it_is_asked_for()
    {
        var capabilities = new Dictionary<string, bool> { [ExtensionNames.ExtendedHostStats] = true, [ExtensionNames.CommandIds] = false };
        var request = HubFixture.Request(Agent.PermanentToken, hostname: "renamed") with { Capabilities = capabilities };
        var (_, answer) = await Hub.RegisterAsync(request, Token);
        answer.GetProperty("extended_host_stats").GetBoolean().ShouldBeTrue();
        answer.GetProperty("extensions").EnumerateArray().Select(name => name.GetString()).ShouldBe([ExtensionNames.ExtendedHostStats]);
        var told = FeedText.Data(Feed().Last(item => item.Name == FeedNames.HostConnected)).GetProperty("data");
        told.GetProperty("hostname").GetString().ShouldBe("renamed");
    }

    [Fact]
    public async Task A_host_that_is_removed_loses_both_its_sockets_and_what_it_was_asked()
    {
        using var stats = new ClientWebSocket();
        stats.Options.SetRequestHeader("Authorization", "Bearer " + Agent.PermanentToken);
        await stats.ConnectAsync(Hub.Socket(ProtocolLimits.StatsPath), Token);
        await HubFixture.SendAsync(stats, """{"container_id":"c1","cpu_percent":1}""", Token);
        var samples = $"/api/hosts/{Agent.HostId}/stats";
        await Retry.UntilAsync(
            "the sample came",
            async () => (await Hub.Http.GetStringAsync(samples, Token)).Contains("c1", StringComparison.Ordinal),
            ct: Token);
        var asking = Hub.Http.GetAsync($"/api/hosts/{Agent.HostId}/system", Token);
        (await Agent.ReadAsync(Token)).ShouldNotBeNull();

        (await Hub.Http.DeleteAsync($"/api/hosts/{Agent.HostId}", Token)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        foreach (var socket in new[] { stats, Agent.Socket })
        {
            (await HubFixture.ReadAsync(socket, Token)).ShouldBeNull();
            (socket.CloseStatus, socket.CloseStatusDescription).ShouldBe((WebSocketCloseStatus.PolicyViolation, "Host removed"));
        }

        using var answer = await asking;
        answer.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        await Retry.UntilAsync("the end is told", () => Feed()[^1].Name == FeedNames.HostDisconnected, ct: Token);
    }

    [Fact]
    public async Task Each_end_of_a_connection_has_its_own_reason()
    {
        await Agent.Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Token);
        (await Agent.ReadAsync(Token)).ShouldBeNull();
        (Agent.Socket.CloseStatus, Agent.Socket.CloseStatusDescription).ShouldBe((WebSocketCloseStatus.NormalClosure, ""));

        var (binary, _) = await Hub.RegisterAsync(HubFixture.Request(Agent.PermanentToken), Token);
        await binary.SendAsync(new byte[] { 1 }, WebSocketMessageType.Binary, endOfMessage: true, Token);
        (await HubFixture.ReadAsync(binary, Token)).ShouldBeNull();
        binary.CloseStatus.ShouldBe(WebSocketCloseStatus.InvalidMessageType);

        var (left, _) = await Hub.RegisterAsync(HubFixture.Request(Agent.PermanentToken), Token);
        using var user = new ClientWebSocket();
        user.Options.SetRequestHeader("X-Api-Key", HubFixture.AdminKey);
        await user.ConnectAsync(Hub.Socket($"api/hosts/{Agent.HostId}/containers/c1/shell"), Token);
        (await HubFixture.ReadAsync(left, Token)).ShouldNotBeNull().ShouldContain("\"start\"");
        var stopping = Hub.App.StopAsync(Token);
        foreach (var socket in new[] { user, left })
        {
            while (await HubFixture.ReadAsync(socket, Token) is not null)
            {
                // The agent is asked to close the shell, if that is still possible.
            }

            (socket.CloseStatus, socket.CloseStatusDescription).ShouldBe((WebSocketCloseStatus.EndpointUnavailable, "the hub is stopping"));
            socket.Dispose();
        }

        await stopping;
    }

    [Fact]
    public async Task A_registration_that_cannot_be_stored_is_no_refusal()
    {
        await BreakAsync("INSERT", "hosts");
        var request = HubFixture.Request(await Hub.NewTokenAsync(Token), engine: "ENGINE:2");
        using var socket = await Hub.DialAsync(JsonSerializer.Serialize(request, ProtocolJson.Default.RegisterRequest), Token);
        (await HubFixture.ReadAsync(socket, Token)).ShouldBeNull("an auth_error would make the agent give up its token");
        socket.CloseStatus.ShouldBe(WebSocketCloseStatus.InternalServerError);
        await MendAsync();
        var (_, answer) = await Hub.RegisterAsync(request, Token);
        answer.GetProperty("type").GetString().ShouldBe("auth_success");
    }

    [Fact]
    public async Task A_known_agent_is_let_in_when_nothing_can_be_stored()
    {
        await BreakAsync("UPDATE", "hosts");
        var (_, answer) = await Hub.RegisterAsync(HubFixture.Request(Agent.PermanentToken, hostname: "renamed"), Token);
        answer.GetProperty("type").GetString().ShouldBe("auth_success");
        Agents.Get(Agent.HostId).Host.Hostname.ShouldBe("renamed");
    }

    [Fact]
    public async Task A_host_answers_only_what_it_was_asked_itself()
    {
        var (other, _) = await Hub.RegisterAsync(HubFixture.Request(await Hub.NewTokenAsync(Token), engine: "ENGINE:2", hostname: "other"), Token);
        var asking = Hub.Http.GetAsync($"/api/hosts/{Agent.HostId}/system", Token);
        var id = (await Agent.ReadFrameAsync(Token)).GetProperty("id").GetString();
        await HubFixture.SendAsync(other, $$$"""{"type":"response","id":"{{{id}}}","payload":{"from":"other"}}""", Token);
        await HubFixture.SendAsync(other, """{"type":"event","command":"update_complete","payload":{}}""", Token);
        await Retry.UntilAsync("the other's frames were read", () => Feed()[^1].Name == EventNames.UpdateComplete, ct: Token);
        await Agent.SendAsync($$$"""{"type":"response","id":"{{{id}}}","payload":{"from":"host"}}""", Token);
        using var answer = await asking;
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("from").GetString().ShouldBe("host");
    }

    [Fact]
    public async Task Half_a_surrogate_pair_costs_its_frame_and_no_more()
    {
        await Agent.SendAsync("""{"type":"event","command":"container_stats","payload":{"container_id":"\ud800"}}""", Token);
        await Agent.SendAsync("""{"type":"event","command":"container_event","payload":{"container_id":"\ud800","action":"die"}}""", Token);
        await Agent.SendAsync("""{"type":"\ud800"}""", Token);
        await Agent.SendAsync("""{"type":"event","command":"update_complete","payload":{}}""", Token);
        await Retry.UntilAsync("what came after them is read", () => Feed()[^1].Name == EventNames.UpdateComplete, ct: Token);
        Agents.IsConnected(Agent.HostId).ShouldBeTrue();
    }

    [Fact]
    public void A_close_reason_fits_its_frame_and_is_text()
    {
        CloseReason.Shorten("short").ShouldBe("short");
        var cut = CloseReason.Shorten("a" + string.Concat(Enumerable.Repeat("😀", 60)));
        Encoding.UTF8.GetByteCount(cut).ShouldBe(117);
        cut.ShouldEndWith("😀");
    }
}
