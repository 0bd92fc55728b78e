using System.Net;
using System.Text.Json;
using DockMon.Protocol;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Api;

public sealed class BulkApiTests : HubTests
{
    [Fact]
    public async Task Each_container_has_its_own_result_in_the_order_asked_for()
    {
        var asking = ActAsync("stop", (Agent.HostId, "a"), ("nobody", "b"), (Agent.HostId, "c"));
        for (var i = 0; i < 2; i++)
        {
            var request = await Agent.ReadFrameAsync(Token);
            var payload = request.GetProperty("payload");
            payload.GetProperty("action").GetString().ShouldBe(OperationActions.Stop);
            var fine = payload.GetProperty("container_id").GetString() == "a";
            await Agent.AnswerOperationAsync(request, fine ? "\"success\":true" : "\"success\":false,\"error\":\"no such container\"", Token);
        }

        var (status, body) = await asking;
        status.ShouldBe(HttpStatusCode.OK);
        var results = JsonElement.Parse(body).GetProperty("results").EnumerateArray().ToList();
        results.Select(result => result.GetProperty("id").GetString()).ShouldBe(["a", "b", "c"]);
        results.Select(result => result.GetProperty("success").GetBoolean()).ShouldBe([true, false, false]);
        results[1].GetProperty("type").GetString().ShouldBe("urn:dockmon:problem:host_not_connected");
        results[2].GetProperty("error").GetString().ShouldBe("no such container");
    }

    [Theory]
    [InlineData("""{"action":"explode","containers":[{"host_id":"h","id":"a"}]}""")]
    [InlineData("""{"action":"stop","containers":[]}""")]
    [InlineData("""{"action":"stop","containers":[{"host_id":"h"}]}""")]
    [InlineData("""{"action":"stop","containers":[null]}""")]
    [InlineData("""{"action":"stop","containers":[{"host_id":"h","id":"a"},{"host_id":"h","id":"a"}]}""")]
    [InlineData("{}")]
    public async Task A_request_that_makes_no_sense_is_refused_as_a_whole(string body) =>
        (await Hub.AskAsync(HttpMethod.Post, "/api/containers/actions", body, Token)).Status.ShouldBe(HttpStatusCode.BadRequest);

    [Theory]
    [InlineData("GET", "/images", CommandNames.ListImages, "[]", HttpStatusCode.OK)]
    [InlineData("DELETE", "/images/sha256:1?force=true", CommandNames.RemoveImage, """{"success":true}""", HttpStatusCode.NoContent)]
    [InlineData("POST", "/images/prune", CommandNames.PruneImages, """{"removed_count":2}""", HttpStatusCode.OK)]
    [InlineData("GET", "/networks", CommandNames.ListNetworks, "[]", HttpStatusCode.OK)]
    [InlineData("DELETE", "/networks/n1", CommandNames.DeleteNetwork, """{"success":true}""", HttpStatusCode.NoContent)]
    [InlineData("POST", "/networks/prune", CommandNames.PruneNetworks, """{"removed_count":0}""", HttpStatusCode.OK)]
    [InlineData("GET", "/volumes", CommandNames.ListVolumes, "[]", HttpStatusCode.OK)]
    [InlineData("DELETE", "/volumes/v1", CommandNames.DeleteVolume, """{"success":true}""", HttpStatusCode.NoContent)]
    [InlineData("POST", "/volumes/prune", CommandNames.PruneVolumes, """{"removed_count":0}""", HttpStatusCode.OK)]
    public async Task Images_networks_and_volumes_are_the_agents(string method, string path, string command, string answer, HttpStatusCode expected)
    {
        var asking = Hub.AskAsync(new HttpMethod(method), HostPath + path, null, Token);
        var request = await Agent.ReadFrameAsync(Token);
        request.GetProperty("command").GetString().ShouldBe(command);
        await Agent.AnswerAsync(request, answer, Token);
        (await asking).ShouldBe((expected, expected == HttpStatusCode.OK ? answer : ""));
    }

    [Fact]
    public async Task A_prune_may_take_minutes()
    {
        var asking = Hub.AskAsync(HttpMethod.Post, HostPath + "/images/prune", null, Token);
        var request = await Agent.ReadFrameAsync(Token);
        Hub.Time.Advance(TimeSpan.FromSeconds(90));
        await Agent.AnswerAsync(request, """{"removed_count":1}""", Token);
        (await asking).Status.ShouldBe(HttpStatusCode.OK);
    }

    private Task<(HttpStatusCode Status, string Body)> ActAsync(string action, params (string Host, string Id)[] containers) => Hub.AskAsync(
        HttpMethod.Post,
        "/api/containers/actions",
        $$"""{"action":"{{action}}","containers":[{{string.Join(',', containers.Select(one => $$"""{"host_id":"{{one.Host}}","id":"{{one.Id}}"}"""))}}]}""",
        Token);
}
