using System.Net;
using System.Text.Json;
using DockMon.Protocol;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Api;

public sealed class ContainerApiTests : HubTests
{
    [Theory]
    [InlineData("start")]
    [InlineData("stop")]
    [InlineData("restart")]
    [InlineData("kill")]
    [InlineData("pause")]
    [InlineData("unpause")]
    [InlineData("rename")]
    [InlineData("remove")]
    public async Task An_action_reaches_the_agent_for_its_container_whatever_the_body_says(string action)
    {
        var asking = Hub.AskAsync(
            HttpMethod.Post,
            $"{HostPath}/containers/c1/{action}",
            """{"action":"remove everything","container_id":"another","force":true}""",
            Token);
        var request = await Agent.ReadFrameAsync(Token);
        request.GetProperty("type").GetString().ShouldBe(FrameTypes.ContainerOperation);
        var payload = request.GetProperty("payload");
        payload.GetProperty("action").GetString().ShouldBe(action);
        payload.GetProperty("container_id").GetString().ShouldBe("c1");
        payload.GetProperty("force").GetBoolean().ShouldBeTrue();
        await Agent.AnswerOperationAsync(request, "\"success\":true", Token);
        (await asking).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("", OperationActions.Inspect)]
    [InlineData("/status", OperationActions.GetStatus)]
    [InlineData("/logs", OperationActions.GetLogs)]
    public async Task What_is_read_of_a_container_is_an_operation_too(string path, string action)
    {
        var asking = Hub.AskAsync(HttpMethod.Get, $"{HostPath}/containers/c1{path}", null, Token);
        var request = await Agent.ReadFrameAsync(Token);
        request.GetProperty("payload").GetProperty("action").GetString().ShouldBe(action);
        await Agent.AnswerOperationAsync(request, "\"success\":true,\"status\":\"x\"", Token);
        (await asking).Body.ShouldContain("\"x\"");
    }

    [Fact]
    public async Task A_request_for_logs_passes_on_how_many_lines_and_since_when()
    {
        var asking = Hub.AskAsync(HttpMethod.Get, HostPath + "/containers/c1/logs?tail=20&since=2026-11-23T08:00:00Z", null, Token);
        var request = await Agent.ReadFrameAsync(Token);
        request.GetProperty("payload").GetProperty("tail").GetInt32().ShouldBe(20);
        request.GetProperty("payload").GetProperty("since").GetString().ShouldBe("2026-11-23T08:00:00Z");
        await Agent.AnswerOperationAsync(request, "\"success\":true,\"logs\":\"a\\nb\"", Token);
        (await asking).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_id_with_a_slash_or_quotes_stays_one_value()
    {
        var asking = Hub.AskAsync(HttpMethod.Get, HostPath + "/containers/" + Uri.EscapeDataString("a\"b c") + "/status", null, Token);
        var request = await Agent.ReadFrameAsync(Token);
        request.GetProperty("payload").GetProperty("container_id").GetString().ShouldBe("a\"b c");
        await Agent.AnswerOperationAsync(request, "\"success\":true", Token);
        (await asking).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_cached_list_is_empty_at_first_and_then_what_the_hub_knows_also_without_the_agent()
    {
        (await Hub.AskAsync(HttpMethod.Get, HostPath + "/containers?cached=true", null, Token)).ShouldBe((HttpStatusCode.OK, "[]"));
        Agent.HearsLists = true;
        var asking = Hub.AskAsync(HttpMethod.Get, HostPath + "/containers", null, Token);
        var request = await Agent.ReadFrameAsync(Token);
        request.GetProperty("command").GetString().ShouldBe(CommandNames.ListContainers);
        await Agent.AnswerAsync(request, """[{"Id":"c2"}]""", Token);
        (await asking).Body.ShouldBe("""[{"Id":"c2"}]""");

        await Hub.ListAsync(Agent, """[{"Id":"c1"}]""", Token);
        await LoseAgentAsync();
        (await Hub.AskAsync(HttpMethod.Get, HostPath + "/containers?cached=true", null, Token)).Body.ShouldBe("""[{"Id":"c1"}]""");
        (await Hub.AskAsync(HttpMethod.Get, HostPath + "/containers?cached=false", null, Token)).Status.ShouldBe(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task A_list_that_the_agent_could_not_make_is_an_error()
    {
        Agent.HearsLists = true;
        var asking = Hub.AskAsync(HttpMethod.Get, HostPath + "/containers", null, Token);
        var request = await Agent.ReadFrameAsync(Token);
        await Agent.SendAsync($$"""{"type":"response","id":"{{request.GetProperty("id").GetString()}}","error":"the engine is away"}""", Token);
        var (status, body) = await asking;
        status.ShouldBe(HttpStatusCode.BadGateway);
        body.ShouldContain("the engine is away");
    }

    [Fact]
    public async Task A_command_and_its_payload_are_passed_on_as_they_are_and_so_is_the_answer()
    {
        var asking = Hub.AskAsync(HttpMethod.Post, HostPath + "/command", """{"command":"new_one","payload":{"a":[1,2.50,null]}}""", Token);
        var request = await Agent.ReadFrameAsync(Token);
        request.GetProperty("command").GetString().ShouldBe("new_one");
        request.GetProperty("payload").GetRawText().ShouldBe("""{"a":[1,2.50,null]}""");
        await Agent.AnswerAsync(request, """{"b":1.50}""", Token);
        (await asking).Body.ShouldBe("""{"b":1.50}""");
    }

    [Fact]
    public async Task An_answer_without_a_payload_is_null()
    {
        var asking = Hub.AskAsync(HttpMethod.Post, HostPath + "/command", """{"command":"x"}""", Token);
        var request = await Agent.ReadFrameAsync(Token);
        await Agent.SendAsync($$"""{"type":"response","id":"{{request.GetProperty("id").GetString()}}"}""", Token);
        (await asking).ShouldBe((HttpStatusCode.OK, "null"));
    }

    [Fact]
    public async Task Requests_that_wait_at_the_same_time_get_each_its_own_answer()
    {
        var asking = Enumerable.Range(0, 20).Select(i => Hub.AskAsync(HttpMethod.Get, $"{HostPath}/containers/c{i}/status", null, Token)).ToList();
        var requests = new List<JsonElement>();
        while (requests.Count < asking.Count)
        {
            requests.Add(await Agent.ReadFrameAsync(Token));
        }

        requests.Reverse();
        foreach (var request in requests)
        {
            await Agent.AnswerOperationAsync(
                request,
                $"\"success\":true,\"status\":{request.GetProperty("payload").GetProperty("container_id").GetRawText()}",
                Token);
        }

        for (var i = 0; i < asking.Count; i++)
        {
            JsonElement.Parse((await asking[i]).Body).GetProperty("status").GetString().ShouldBe($"c{i}");
        }
    }
}
