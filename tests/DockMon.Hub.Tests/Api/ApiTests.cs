using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DockMon.Hub.Agents;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Api;

public sealed class ApiTests : HubTests
{
    [Fact]
    public async Task The_OpenApi_document_names_every_route()
    {
        var document = await Hub.Http.GetFromJsonAsync<JsonElement>("/openapi/v1.json", Token);
        document.GetProperty("paths").EnumerateObject().Select(path => path.Name).ShouldContain("/api/hosts/{id}/containers/{cid}/stop");
    }

    [Fact]
    public async Task An_answer_on_the_agents_next_connection_is_the_answer()
    {
        var asking = Hub.Http.PostAsync($"/api/hosts/{Agent.HostId}/containers/abc/stop", null, Token);
        var request = await Agent.ReadFrameAsync(Token);
        request.GetProperty("payload").GetProperty("action").GetString().ShouldBe("stop");
        request.GetProperty("id").GetString().ShouldBe(request.GetProperty("correlation_id").GetString());
        Agent.Socket.Abort();
        var (again, _) = await Hub.RegisterAsync(HubFixture.Request(Agent.PermanentToken), Token);
        await HubFixture.SendAsync(
            again,
            $$"""{"correlation_id":"{{request.GetProperty("id").GetString()}}","success":true,"container_id":"abc","status":"stopped"}""",
            Token);
        using var answer = await asking;
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("status").GetString().ShouldBe("stopped");
    }

    [Fact]
    public async Task What_goes_wrong_is_a_problem_with_a_status_and_words()
    {
        (await Hub.Http.GetAsync("/api/hosts/nosuch", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        var asking = Hub.Http.GetAsync($"/api/hosts/{Agent.HostId}/system", Token);
        var request = await Agent.ReadFrameAsync(Token);
        await Agent.SendAsync($$"""{"type":"response","id":"{{request.GetProperty("id").GetString()}}","error":"failed to think: conflict"}""", Token);
        using (var refused = await asking)
        {
            refused.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
            (await refused.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("detail").GetString().ShouldBe("failed to think: conflict");
        }

        var late = Hub.Http.GetAsync($"/api/hosts/{Agent.HostId}/system", Token);
        await Agent.ReadAsync(Token);
        Hub.Time.Advance(TimeSpan.FromSeconds(30));
        (await late).StatusCode.ShouldBe(HttpStatusCode.GatewayTimeout);
        (await (await late).Content.ReadAsStringAsync(Token)).ShouldContain("(timeout)");

        Agent.Socket.Abort();
        await Retry.UntilAsync(
            "the agent is gone",
            async () => !(await Hub.Http.GetFromJsonAsync<JsonElement>($"/api/hosts/{Agent.HostId}", Token)).GetProperty("connected").GetBoolean(),
            ct: Token);
        (await Hub.Http.GetAsync($"/api/hosts/{Agent.HostId}/system", Token)).StatusCode.ShouldBe(HttpStatusCode.Conflict);
    }

    [Theory]
    [InlineData("""{"timeout":1,"timeout":2}""", HttpStatusCode.BadRequest)]
    [InlineData("""[1]""", HttpStatusCode.BadRequest)]
    [InlineData("""{"timeout":""", HttpStatusCode.BadRequest)]
    public async Task A_body_that_is_none_is_a_bad_request(string body, HttpStatusCode status)
    {
        using var answer = await Hub.Http.PostAsync($"/api/hosts/{Agent.HostId}/containers/abc/stop", new StringContent(body), Token);
        answer.StatusCode.ShouldBe(status);
    }

    [Fact]
    public async Task A_body_without_a_length_is_read_all_the_same()
    {
        using var message = new HttpRequestMessage(
            HttpMethod.Post,
            $"/api/hosts/{Agent.HostId}/containers/abc/rename") { Content = new StringContent("""{"new_name":"n"}""") };
        message.Headers.TransferEncodingChunked = true;
        var asking = Hub.Http.SendAsync(message, Token);
        var request = await Agent.ReadFrameAsync(Token);
        request.GetProperty("payload").GetProperty("new_name").GetString().ShouldBe("n");
        await Agent.SendAsync($$"""{"correlation_id":"{{request.GetProperty("id").GetString()}}","success":true}""", Token);
        (await asking).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_event_that_is_sent_again_is_kept_and_streamed_once()
    {
        using var stream = await Hub.Http.GetStreamAsync("/api/stream", Token);
        using var reader = new StreamReader(stream);
        (await reader.ReadLineAsync(Token)).ShouldBe(": connected");
        const string Event =
            """{"type":"event","command":"container_event","payload":{"container_id":"c1","action":"die","timestamp":"2026-11-23T08:24:50.477654289Z"}}""";
        await Agent.SendAsync(Event, Token);
        await Agent.SendAsync(Event, Token);
        await Agent.SendAsync("""{"type":"event","command":"update_complete","payload":{"old_container_id":"x"}}""", Token);
        var names = new List<string>();
        while (names.Count < 2)
        {
            if (await reader.ReadLineAsync(Token) is { } line && line.StartsWith("event: ", StringComparison.Ordinal))
            {
                names.Add(line[7..]);
            }
        }

        names.ShouldBe(["container_event", "update_complete"]);
        (await Hub.Http.GetFromJsonAsync<JsonElement>($"/api/hosts/{Agent.HostId}/events", Token)).GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task An_agent_cannot_forge_events_of_others_or_of_the_hub()
    {
        using var stream = await Hub.Http.GetStreamAsync("/api/stream", Token);
        using var reader = new StreamReader(stream);
        (await reader.ReadLineAsync(Token)).ShouldBe(": connected");
        await Agent.SendAsync("""{"type":"event","command":"x\nevent: host_disconnected\ndata: {}\n\n","payload":{}}""", Token);
        await Agent.SendAsync("""{"type":"event","command":"host_disconnected","payload":{}}""", Token);
        await Agent.SendAsync("{\"type\":\"event\",\"command\":\"deploy_progress\",\"payload\":{\r\"stage\":\r\n\n\"x\\nevent: forged\"\n}}", Token);
        var large = new string('x', AgentMessages.EventBytes);
        await Agent.SendAsync($$$"""{"type":"event","command":"deploy_progress","payload":{"x":"{{{large}}}"}}""", Token);
        await Agent.SendAsync("""{"type":"event","command":"update_complete","payload":{}}""", Token);
        var lines = new List<string>();
        while (!lines.Contains("event: update_complete"))
        {
            lines.Add((await reader.ReadLineAsync(Token))!);
        }

        lines.Where(line => line.StartsWith("event:", StringComparison.Ordinal)).ShouldBe(["event: deploy_progress", "event: update_complete"]);
        lines.Where(line => line.Length > 0).Select(line => line.Split(' ')[0]).ShouldBe(["id:", "event:", "data:", "id:", "event:"]);
    }

    [Fact]
    public async Task Hostile_frames_cost_the_agent_its_connection_at_most()
    {
        await Agent.SendAsync("not json", Token);
        await Agent.SendAsync(new string('[', 100_000), Token);
        await Agent.SendAsync("""{"type":"event","command":"container_event","payload":[1]}""", Token);
        await Agent.SendAsync("""{"type":"stats","stats":{"cpu_percent":12.5,"mem_percent":1,"net_bytes_per_sec":0}}""", Token);
        await Retry.UntilAsync(
            "the sample came",
            async () => (await Hub.Http.GetFromJsonAsync<JsonElement>($"/api/hosts/{Agent.HostId}/stats", Token)).TryGetProperty("host", out var host)
                && host.GetProperty("cpu_percent").GetDouble() == 12.5,
            ct: Token);
        (await Hub.Http.GetAsync("/health", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
