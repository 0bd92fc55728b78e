using System.Net;
using System.Net.WebSockets;
using DockMon.Hub.Tests.Api;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Storage;

public sealed class FailedStorageTests : HubTests
{
    [Fact]
    public async Task An_event_that_cannot_be_stored_is_passed_on_and_does_not_end_the_connection()
    {
        await ExecuteAsync("ALTER TABLE events RENAME TO events_gone");
        await SendEventAsync("lost");
        await Retry.UntilAsync("the event was passed on", () => Passed().Count == 1, ct: Token);
        await ExecuteAsync("ALTER TABLE events_gone RENAME TO events");
        await SendEventAsync("kept");
        await Retry.UntilAsync(
            "the later event is there",
            async () => (await Hub.Http.GetStringAsync($"/api/hosts/{Agent.HostId}/events", Token)).Contains("kept", StringComparison.Ordinal),
            ct: Token);
        Passed().ShouldBe(["lost", "kept"]);
        IsConnected.ShouldBeTrue();
    }

    [Fact]
    public async Task A_host_whose_connection_ended_with_an_exception_can_register_again()
    {
        await BreakAsync("UPDATE OF last_seen", "hosts");
        await Agent.Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Token);
        await Retry.UntilAsync("the hub has noticed the end", () => !IsConnected, ct: Token);
        await MendAsync();
        var (_, answer) = await Hub.RegisterAsync(HubFixture.Request(Agent.PermanentToken), Token);
        answer.GetProperty("type").GetString().ShouldBe("auth_success");
    }

    [Fact]
    public async Task A_failure_that_nobody_expected_says_that_the_log_tells_why()
    {
        await ExecuteAsync("ALTER TABLE audit RENAME TO audit_gone");
        var (status, body) = await Hub.AskAsync(HttpMethod.Post, HostPath + "/command", """{"command":"prune_images"}""", Token);
        status.ShouldBe(HttpStatusCode.InternalServerError);
        body.ShouldContain("its log says why");
    }

    private List<string?> Passed() =>
        [.. Feed().Where(item => item.Name == "container_event").Select(item => FeedText.Data(item).GetProperty("data").GetProperty("action").GetString())];

    private Task SendEventAsync(string action) =>
        Agent.SendAsync(
            $$$"""{"type":"event","command":"container_event","payload":{"container_id":"c","action":"{{{action}}}","timestamp":"2026-01-01T00:00:00Z"}}""",
            Token);
}
