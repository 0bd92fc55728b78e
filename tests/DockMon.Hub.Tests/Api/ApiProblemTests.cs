using System.Net;
using System.Text.Json;
using DockMon.Hub.Api.Feeds;
using DockMon.Protocol;
using Microsoft.AspNetCore.Routing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Api;

public sealed class ApiProblemTests : HubTests
{
    public static TheoryData<string, string, string?> WrongBodies => new()
    {
        { "POST", "/api/tokens", """{"max_uses":0}""" },
        { "POST", "/api/tokens", """{"max_uses":10001}""" },
        { "POST", "/api/tokens", """{"max_uses":"many"}""" },
        { "POST", "/api/tokens", """{"max_uses":""" },
        { "POST", "/api/tokens", """{"max_uses":99999999999}""" },
        { "POST", "HOST/command", null },
        { "POST", "HOST/command", "null" },
        { "POST", "HOST/command", "{}" },
        { "POST", "HOST/command", """{"command":""}""" },
        { "POST", "HOST/command", """{"command":7}""" },
        { "POST", "HOST/command", "[]" },
        { "POST", "HOST/command?timeout_seconds=soon", """{"command":"x"}""" },
        { "POST", "HOST/operation", null },
        { "POST", "HOST/operation", """{"action":""" },
        { "POST", "HOST/operation", "7" },
        { "POST", "HOST/operation?timeout_seconds=soon", """{"action":"start"}""" },
        { "POST", "HOST/containers/c1/rename", """{"new_name":"\ud800"}""" },
        { "POST", "HOST/containers/c1/rename", """{"\ud800":1}""" },
        { "POST", "HOST/containers/c1/stop", "null" },
        { "POST", "HOST/containers/c1/stop", "\"stop\"" },
        { "PUT", "HOST/health-checks", null },
        { "PUT", "HOST/health-checks", "null" },
        { "PUT", "HOST/health-checks", "{}" },
        { "PUT", "HOST/health-checks", "[null]" },
        { "PUT", "HOST/health-checks", "[{}]" },
        { "PUT", "HOST/health-checks", """[{"container_id":""}]""" },
        { "PUT", "HOST/health-checks", """[{"container_id":"c1"},{"container_id":"c1"}]""" },
        { "PUT", "HOST/health-checks", """[{"container_id":"\ud800"}]""" },
        { "GET", "HOST/events?limit=all", null },
        { "GET", "HOST/containers?cached=perhaps", null },
        { "GET", "HOST/containers/c1/logs?tail=all", null },
    };

    [Theory]
    [MemberData(nameof(WrongBodies))]
    public async Task A_wrong_request_is_a_bad_request_and_a_problem_in_JSON_and_reaches_no_agent(string method, string path, string? body)
    {
        var (status, text) = await Hub.AskAsync(new HttpMethod(method), path.Replace("HOST", HostPath, StringComparison.Ordinal), body, Token);
        status.ShouldBe(HttpStatusCode.BadRequest, text);
        JsonElement.Parse(text).GetProperty("status").GetInt32().ShouldBe(400);

        // The next thing that the agent hears is the next request.
        var asking = Hub.Http.GetStringAsync(HostPath + "/system", Token);
        var request = await Agent.ReadFrameAsync(Token);
        request.GetProperty("command").GetString().ShouldBe(CommandNames.GetSystemInfo);
        await Agent.AnswerAsync(request, "{}", Token);
        (await asking).ShouldBe("{}");
    }

    [Theory]
    [InlineData("operation", """{"action":"@"}""")]
    [InlineData("operation", """{"@":"stop"}""")]
    [InlineData("command", """{"command":"x","payload":{"@":1}}""")]
    [InlineData("containers/c1/remove", """{"@":true}""")]
    [InlineData("containers/c1/rename", """{"new_name":"@"}""")]
    public async Task A_body_that_is_not_UTF_8_is_a_bad_request(string path, string body)
    {
        byte[] bytes = [.. System.Text.Encoding.ASCII.GetBytes(body).Select(one => one == '@' ? (byte)0x96 : one)];
        using var content = new ByteArrayContent(bytes) { Headers = { ContentType = new("application/json") } };
        using var answer = await Hub.Http.PostAsync($"{HostPath}/{path}", content, Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Every_route_of_a_host_answers_404_for_a_host_that_nobody_knows_and_names_it()
    {
        var routes = Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.RoutePattern.RawText!.StartsWith("/api/hosts/{id}", StringComparison.Ordinal)
                && route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0] != "CONNECT").ToList();
        routes.Count.ShouldBeGreaterThan(20);
        foreach (var route in routes)
        {
            var path = route.RoutePattern.RawText!.Replace("{id}", "nobody", StringComparison.Ordinal).Replace("{cid}", "c1", StringComparison.Ordinal);
            var method = route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0];
            var body = method switch
            {
                "PUT" => path.Contains("/health-checks", StringComparison.Ordinal) ? "[]" : "{}",
                "POST" => """{"command":"x"}""",
                _ => null,
            };
            var (status, text) = await Hub.AskAsync(new HttpMethod(method), path, body, Token);
            status.ShouldBe(HttpStatusCode.NotFound, $"{method} {path}: {text}");
            JsonElement.Parse(text).GetProperty("detail").GetString().ShouldBe("there is no host nobody");
        }
    }

    [Fact]
    public async Task A_body_that_is_larger_than_a_frame_is_refused_as_too_large()
    {
        // A client that asks before it sends: one that does not may find the connection closed before it has read why.
        using var http = new HttpClient(new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromMinutes(5) });
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(Hub.Http.BaseAddress!, HostPath + "/containers/c1/rename"));
        message.Headers.ExpectContinue = true;
        message.Headers.Add("X-Api-Key", HubFixture.AdminKey);
        message.Content = new ByteArrayContent(new byte[ProtocolLimits.ControlFrameBytes + 1]);
        using var answer = await http.SendAsync(message, Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        IsConnected.ShouldBeTrue();
    }

    [Theory]
    [InlineData("GET", "/system", null)]
    [InlineData("GET", "/containers", null)]
    [InlineData("GET", "/containers/c1", null)]
    [InlineData("GET", "/containers/c1/status", null)]
    [InlineData("GET", "/containers/c1/logs", null)]
    [InlineData("POST", "/containers/c1/start", null)]
    [InlineData("POST", "/containers/c1/remove", """{"force":true}""")]
    [InlineData("POST", "/command", """{"command":"get_system_info"}""")]
    [InlineData("POST", "/operation", """{"action":"start","container_id":"c1"}""")]
    public async Task A_request_for_a_host_whose_agent_is_gone_is_a_conflict_and_says_so(string method, string path, string? body)
    {
        await LoseAgentAsync();
        var (status, text) = await Hub.AskAsync(new HttpMethod(method), HostPath + path, body, Token);
        status.ShouldBe(HttpStatusCode.Conflict);
        JsonElement.Parse(text).GetProperty("detail").GetString()!.ShouldContain("not connected");
    }

    [Theory]
    [InlineData("\"success\":false,\"error\":\"no such container\"", "no such container")]
    [InlineData("\"success\":false", "no reason")]
    [InlineData("\"error\":\"conflict\"", "conflict")]
    public async Task An_operation_that_the_agent_refuses_is_a_bad_gateway_with_its_words(string fields, string words)
    {
        var asking = Hub.AskAsync(HttpMethod.Post, HostPath + "/containers/c1/start", null, Token);
        await Agent.AnswerOperationAsync(await Agent.ReadFrameAsync(Token), fields, Token);
        var (status, text) = await asking;
        status.ShouldBe(HttpStatusCode.BadGateway);
        JsonElement.Parse(text).GetProperty("detail").GetString()!.ShouldContain(words);
    }

    [Theory]
    [InlineData(null, 30)]
    [InlineData(2.5, 2.5)]
    [InlineData(0d, 0.1)]
    [InlineData(-5d, 0.1)]
    [InlineData(1e9, 3600)]
    [InlineData(double.NaN, 30)]
    [InlineData(double.PositiveInfinity, 30)]
    public void Timeouts_of_requests_stay_between_a_tenth_of_a_second_and_an_hour(double? asked, double seconds) =>
        Relay.Limit(asked).ShouldBe(TimeSpan.FromSeconds(seconds));

    [Fact]
    public async Task A_command_waits_as_long_as_its_request_says()
    {
        var asking = Hub.AskAsync(HttpMethod.Post, HostPath + "/command?timeout_seconds=90", """{"command":"x"}""", Token);
        await Agent.ReadFrameAsync(Token);
        Hub.Time.Advance(TimeSpan.FromSeconds(90));
        var (status, text) = await asking;
        status.ShouldBe(HttpStatusCode.GatewayTimeout);
        JsonElement.Parse(text).GetProperty("detail").GetString()!.ShouldContain("90 s");
    }

    [Fact]
    public async Task A_stop_with_a_long_timeout_is_waited_for_that_much_longer()
    {
        var asking = Hub.AskAsync(HttpMethod.Post, HostPath + "/containers/c1/stop", """{"timeout":120}""", Token);
        var request = await Agent.ReadFrameAsync(Token);
        request.GetProperty("payload").GetProperty("timeout").GetInt32().ShouldBe(120);
        Hub.Time.Advance(TimeSpan.FromSeconds(149));
        await Agent.AnswerOperationAsync(request, "\"success\":true", Token);
        (await asking).Status.ShouldBe(HttpStatusCode.OK);

        var late = Hub.AskAsync(HttpMethod.Post, HostPath + "/containers/c1/stop", """{"timeout":120}""", Token);
        await Agent.ReadFrameAsync(Token);
        Hub.Time.Advance(TimeSpan.FromSeconds(150));
        (await late).Status.ShouldBe(HttpStatusCode.GatewayTimeout);
    }

    [Fact]
    public async Task An_answer_that_comes_after_the_timeout_is_nobodys()
    {
        var late = Hub.AskAsync(HttpMethod.Get, HostPath + "/system", null, Token);
        var request = await Agent.ReadFrameAsync(Token);
        Hub.Time.Advance(TimeSpan.FromSeconds(30));
        (await late).Status.ShouldBe(HttpStatusCode.GatewayTimeout);
        await Agent.AnswerAsync(request, """{"from":"the first"}""", Token);

        var next = Hub.AskAsync(HttpMethod.Get, HostPath + "/system", null, Token);
        await Agent.AnswerAsync(await Agent.ReadFrameAsync(Token), """{"from":"the second"}""", Token);
        (await next).Body.ShouldContain("the second");
    }

    [Fact]
    public async Task A_user_who_gives_up_leaves_nothing_behind_for_the_next()
    {
        using var gone = new CancellationTokenSource();
        var asking = Hub.AskAsync(HttpMethod.Get, HostPath + "/system", null, gone.Token);
        var request = await Agent.ReadFrameAsync(Token);
        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => asking);
        await Agent.AnswerAsync(request, "{}", Token);
        await Agent.AnswerAsync(request, "{}", Token);
        await UntilReadAsync();
        IsConnected.ShouldBeTrue();
    }
}
