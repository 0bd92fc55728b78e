using System.Net;
using System.Text.Json;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Api;

public sealed class HealthCheckApiTests : HubTests
{
    private string ChecksPath => HostPath + "/health-checks";

    [Fact]
    public async Task Health_checks_are_none_at_first_and_then_what_was_put_and_the_agent_gets_them_at_once()
    {
        (await Hub.AskAsync(HttpMethod.Get, ChecksPath, null, Token)).Body.ShouldBe("[]");
        await PutAsync("""[{"container_id":"c1","url":"http://127.0.0.1:1/"},{"container_id":"c2"}]""");
        var sync = await Agent.ReadFrameAsync(Token);
        sync.GetProperty("type").GetString().ShouldBe(FrameTypes.HealthCheckConfigsSync);
        Containers(sync).ShouldBe(["c1", "c2"]);
        JsonElement.Parse((await Hub.AskAsync(HttpMethod.Get, ChecksPath, null, Token)).Body).EnumerateArray()
            .Select(check => (check.GetProperty("container_id").GetString(), check.GetProperty("host_id").GetString()))
            .ShouldBe([("c1", Agent.HostId), ("c2", Agent.HostId)]);
    }

    [Fact]
    public async Task Health_checks_that_were_put_while_the_agent_was_away_reach_it_when_it_is_back()
    {
        await LoseAgentAsync();
        await PutAsync("""[{"container_id":"old"}]""");
        await PutAsync("""[{"container_id":"new"}]""");
        var again = await Hub.ReconnectAsync(Agent, Token);
        Containers(await again.ReadFrameAsync(Token)).ShouldBe(["new"]);
    }

    [Fact]
    public async Task Health_checks_that_were_all_taken_away_are_told_too()
    {
        await PutAsync("""[{"container_id":"c1"}]""");
        Containers(await Agent.ReadFrameAsync(Token)).ShouldBe(["c1"]);
        await PutAsync("[]");
        // What was put while the agent connected comes twice.
        await Retry.UntilAsync("the agent is told that there are none", async () => !Containers(await Agent.ReadFrameAsync(Token)).Any(), ct: Token);
        var again = await Hub.ReconnectAsync(Agent, Token);
        Containers(await again.ReadFrameAsync(Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_wrong_list_leaves_the_health_checks_as_they_were()
    {
        await PutAsync("""[{"container_id":"c1"}]""");
        var (status, text) = await Hub.AskAsync(HttpMethod.Put, ChecksPath, """[{"container_id":"c2"},{"container_id":""}]""", Token);
        status.ShouldBe(HttpStatusCode.BadRequest);
        JsonElement.Parse(text).GetProperty("detail").GetString()!.ShouldContain("container_id");
        (await Hub.AskAsync(HttpMethod.Get, ChecksPath, null, Token)).Body.ShouldContain("\"c1\"");
    }

    [Fact]
    public async Task Health_checks_of_one_host_are_no_other_hosts()
    {
        var other = await Hub.StartAgentAsync(Token, "ENGINE:2", "another");
        await PutAsync("""[{"container_id":"c1"}]""");
        (await Hub.AskAsync(HttpMethod.Get, $"/api/hosts/{other.HostId}/health-checks", null, Token)).Body.ShouldBe("[]");
    }

    [Fact]
    public async Task Health_checks_that_cannot_be_read_do_not_keep_the_agent_away()
    {
        await PutAsync("""[{"container_id":"c1"}]""");
        await ExecuteAsync("UPDATE health_checks SET sync = 'no sealed value'");
        (await Hub.AskAsync(HttpMethod.Get, ChecksPath, null, Token)).Status.ShouldBe(HttpStatusCode.InternalServerError);

        var again = await Hub.ReconnectAsync(Agent, Token);
        var asking = Hub.AskAsync(HttpMethod.Get, HostPath + "/system", null, Token);
        var request = await again.ReadFrameAsync(Token);
        request.GetProperty("command").GetString().ShouldBe(CommandNames.GetSystemInfo, "no health checks came before it");
        await again.AnswerAsync(request, "{}", Token);
        (await asking).Status.ShouldBe(HttpStatusCode.OK);

        await PutAsync("""[{"container_id":"c2"}]""");
        Containers(await again.ReadFrameAsync(Token)).ShouldBe(["c2"]);
    }

    private async Task PutAsync(string json) =>
        (await Hub.AskAsync(HttpMethod.Put, ChecksPath, json, Token)).Status.ShouldBe(HttpStatusCode.NoContent);

    private static IEnumerable<string?> Containers(JsonElement sync) =>
        sync.GetProperty("payload").GetProperty("configs").EnumerateArray().Select(check => check.GetProperty("container_id").GetString());
}
