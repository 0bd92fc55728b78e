using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using DockMon.Hub.Agents;
using DockMon.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests;

public sealed class ApiTests : IAsyncLifetime
{
    private HubFixture _hub = null!;
    private ClientWebSocket _agent = null!;
    private string _hostId = "";
    private string _permanentToken = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _hub = await HubFixture.StartAsync(Token);
        (_agent, var answer) = await _hub.RegisterAsync(HubFixture.Request(await _hub.NewTokenAsync(Token)), Token);
        _hostId = answer.GetProperty("host_id").GetString()!;
        _permanentToken = answer.GetProperty("permanent_token").GetString()!;
    }

    public ValueTask DisposeAsync() => _hub.DisposeAsync();

    [Fact]
    public async Task Every_route_but_health_and_the_agents_sockets_wants_the_key()
    {
        using var stranger = new HttpClient(new SocketsHttpHandler()) { BaseAddress = _hub.Http.BaseAddress };
        var routes = _hub.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToList();
        routes.Count.ShouldBeGreaterThan(20);
        foreach (var route in routes)
        {
            var path = "/" + route.RoutePattern.RawText!.TrimStart('/').Replace("{documentName}", "v1", StringComparison.Ordinal).Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal);
            var method = route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods is [var first, ..] ? first : "GET";
            using var answer = await stranger.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), HttpCompletionOption.ResponseHeadersRead, Token);
            answer.StatusCode.ShouldBe(
                path switch { "/health" => HttpStatusCode.OK, "/api/agent/ws" => HttpStatusCode.UpgradeRequired, _ => HttpStatusCode.Unauthorized }, $"{method} {path}");
        }

        (await stranger.GetAsync("/no/such/route", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task The_OpenApi_document_names_every_route()
    {
        var document = await _hub.Http.GetFromJsonAsync<JsonElement>("/openapi/v1.json", Token);
        document.GetProperty("paths").EnumerateObject().Select(path => path.Name).ShouldContain("/api/hosts/{id}/containers/{cid}/stop");
    }

    [Fact]
    public async Task An_answer_on_the_agents_next_connection_is_the_answer()
    {
        var asking = _hub.Http.PostAsync($"/api/hosts/{_hostId}/containers/abc/stop", null, Token);
        var request = JsonElement.Parse((await HubFixture.ReadAsync(_agent, Token))!);
        request.GetProperty("payload").GetProperty("action").GetString().ShouldBe("stop");
        request.GetProperty("id").GetString().ShouldBe(request.GetProperty("correlation_id").GetString());
        _agent.Abort();
        var (again, _) = await _hub.RegisterAsync(HubFixture.Request(_permanentToken), Token);
        await HubFixture.SendAsync(again, $$"""{"correlation_id":"{{request.GetProperty("id").GetString()}}","success":true,"container_id":"abc","status":"stopped"}""", Token);
        using var answer = await asking;
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("status").GetString().ShouldBe("stopped");
    }

    [Fact]
    public async Task What_goes_wrong_is_a_problem_with_a_status_and_words()
    {
        (await _hub.Http.GetAsync("/api/hosts/nosuch", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        var asking = _hub.Http.GetAsync($"/api/hosts/{_hostId}/system", Token);
        var request = JsonElement.Parse((await HubFixture.ReadAsync(_agent, Token))!);
        await HubFixture.SendAsync(_agent, $$"""{"type":"response","id":"{{request.GetProperty("id").GetString()}}","error":"failed to think: conflict"}""", Token);
        using (var refused = await asking)
        {
            refused.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
            (await refused.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("detail").GetString().ShouldBe("failed to think: conflict");
        }

        var late = _hub.Http.GetAsync($"/api/hosts/{_hostId}/system", Token);
        await HubFixture.ReadAsync(_agent, Token);
        _hub.Time.Advance(TimeSpan.FromSeconds(30));
        (await late).StatusCode.ShouldBe(HttpStatusCode.GatewayTimeout);

        _agent.Abort();
        await Retry.UntilAsync("the agent is gone", async () => !(await _hub.Http.GetFromJsonAsync<JsonElement>($"/api/hosts/{_hostId}", Token)).GetProperty("connected").GetBoolean(), ct: Token);
        (await _hub.Http.GetAsync($"/api/hosts/{_hostId}/system", Token)).StatusCode.ShouldBe(HttpStatusCode.Conflict);
    }

    [Theory]
    [InlineData("""{"timeout":1,"timeout":2}""", HttpStatusCode.BadRequest)]
    [InlineData("""[1]""", HttpStatusCode.BadRequest)]
    [InlineData("""{"timeout":""", HttpStatusCode.BadRequest)]
    public async Task A_body_that_is_none_is_a_bad_request(string body, HttpStatusCode status)
    {
        using var answer = await _hub.Http.PostAsync($"/api/hosts/{_hostId}/containers/abc/stop", new StringContent(body), Token);
        answer.StatusCode.ShouldBe(status);
    }

    [Fact]
    public async Task A_body_without_a_length_is_read_all_the_same()
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, $"/api/hosts/{_hostId}/containers/abc/rename") { Content = new StringContent("""{"new_name":"n"}""") };
        message.Headers.TransferEncodingChunked = true;
        var asking = _hub.Http.SendAsync(message, Token);
        var request = JsonElement.Parse((await HubFixture.ReadAsync(_agent, Token))!);
        request.GetProperty("payload").GetProperty("new_name").GetString().ShouldBe("n");
        await HubFixture.SendAsync(_agent, $$"""{"correlation_id":"{{request.GetProperty("id").GetString()}}","success":true}""", Token);
        (await asking).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_event_that_is_sent_again_is_kept_and_streamed_once()
    {
        using var stream = await _hub.Http.GetStreamAsync("/api/stream", Token);
        using var reader = new StreamReader(stream);
        (await reader.ReadLineAsync(Token)).ShouldBe(": connected");
        const string Event = """{"type":"event","command":"container_event","payload":{"container_id":"c1","action":"die","timestamp":"2026-11-23T08:24:50.477654289Z"}}""";
        await HubFixture.SendAsync(_agent, Event, Token);
        await HubFixture.SendAsync(_agent, Event, Token);
        await HubFixture.SendAsync(_agent, """{"type":"event","command":"update_complete","payload":{"old_container_id":"x"}}""", Token);
        var names = new List<string>();
        while (names.Count < 2)
        {
            if (await reader.ReadLineAsync(Token) is { } line && line.StartsWith("event: ", StringComparison.Ordinal))
            {
                names.Add(line[7..]);
            }
        }

        names.ShouldBe(["container_event", "update_complete"]);
        (await _hub.Http.GetFromJsonAsync<JsonElement>($"/api/hosts/{_hostId}/events", Token)).GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task An_agent_cannot_forge_events_of_others_or_of_the_hub()
    {
        using var stream = await _hub.Http.GetStreamAsync("/api/stream", Token);
        using var reader = new StreamReader(stream);
        (await reader.ReadLineAsync(Token)).ShouldBe(": connected");
        await HubFixture.SendAsync(_agent, """{"type":"event","command":"x\nevent: host_disconnected\ndata: {}\n\n","payload":{}}""", Token);
        await HubFixture.SendAsync(_agent, """{"type":"event","command":"host_disconnected","payload":{}}""", Token);
        await HubFixture.SendAsync(_agent, "{\"type\":\"event\",\"command\":\"deploy_progress\",\"payload\":{\r\"stage\":\r\n\n\"x\\nevent: forged\"\n}}", Token);
        var large = new string('x', AgentMessages.EventBytes);
        await HubFixture.SendAsync(_agent, $$$"""{"type":"event","command":"deploy_progress","payload":{"x":"{{{large}}}"}}""", Token);
        await HubFixture.SendAsync(_agent, """{"type":"event","command":"update_complete","payload":{}}""", Token);
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
        await HubFixture.SendAsync(_agent, "not json", Token);
        await HubFixture.SendAsync(_agent, new string('[', 100_000), Token);
        await HubFixture.SendAsync(_agent, """{"type":"event","command":"container_event","payload":[1]}""", Token);
        await HubFixture.SendAsync(_agent, """{"type":"stats","stats":{"cpu_percent":12.5,"mem_percent":1,"net_bytes_per_sec":0}}""", Token);
        await Retry.UntilAsync(
            "the sample came",
            async () => (await _hub.Http.GetFromJsonAsync<JsonElement>($"/api/hosts/{_hostId}/stats", Token)).TryGetProperty("host", out var host) && host.GetProperty("cpu_percent").GetDouble() == 12.5,
            ct: Token);
        (await _hub.Http.GetAsync("/health", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
