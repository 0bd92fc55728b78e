using System.Net;
using System.Text.Json;
using DockMon.Hub.Tests.Access;
using DockMon.Protocol;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Operations;

public sealed class StackTests : HubTests
{
    private const string First = "services: {web: {image: nginx}}";
    private const string Second = "services: {web: {image: caddy}}";

    [Fact]
    public async Task Of_two_who_edit_the_same_stack_the_second_is_told_and_nothing_is_lost()
    {
        var (status, mine) = await StoreAsync(First, revision: "");
        status.ShouldBe(HttpStatusCode.OK);
        var revision = mine.GetProperty("revision").GetString()!;
        (await StoreAsync(Second, revision)).Status.ShouldBe(HttpStatusCode.OK);

        var (late, problem) = await StoreAsync("services: {web: {image: mine}}", revision);
        late.ShouldBe(HttpStatusCode.Conflict);
        problem.GetProperty("type").GetString().ShouldBe("urn:dockmon:problem:conflict");
        (await StoreAsync(First, revision: "")).Status.ShouldBe(HttpStatusCode.Conflict);
        (await FindAsync()).GetProperty("compose").GetString().ShouldBe(Second);

        (await StoreAsync(First, revision: null)).Status.ShouldBe(HttpStatusCode.OK);
        (await FindAsync()).GetProperty("revision").GetString().ShouldBe(revision);
    }

    [Fact]
    public async Task Files_are_stored_while_the_host_is_offline_and_a_deployment_says_that_it_is()
    {
        await LoseAgentAsync();
        (await StoreAsync(First, revision: "")).Status.ShouldBe(HttpStatusCode.OK);
        var (status, body) = await Hub.AskAsync(HttpMethod.Put, HostPath + "/stacks/shop", Body(Second, null), Token);
        (status, JsonElement.Parse(body).GetProperty("type").GetString()).ShouldBe((HttpStatusCode.Conflict, "urn:dockmon:problem:host_not_connected"));
        var stack = await FindAsync();
        stack.GetProperty("compose").GetString().ShouldBe(Second);
        stack.TryGetProperty("deployed", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task What_was_deployed_is_known_until_it_is_taken_down()
    {
        await EndAsync(HttpMethod.Put, "/stacks/shop", Body(First, null), success: true);
        Deployed(await FindAsync()).ShouldBe(First);

        await EndAsync(HttpMethod.Put, "/stacks/shop", Body(Second, null), success: false);
        var failed = await FindAsync();
        (failed.GetProperty("compose").GetString(), Deployed(failed)).ShouldBe((Second, First));

        await EndAsync(HttpMethod.Delete, "/stacks/shop?keep=true", null, success: true);
        var kept = await FindAsync();
        (kept.GetProperty("compose").GetString(), Deployed(kept)).ShouldBe((Second, null));

        await EndAsync(HttpMethod.Delete, "/stacks/shop", null, success: true);
        (await Hub.AskAsync(HttpMethod.Get, HostPath + "/stacks/shop", null, Token)).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Files_that_were_changed_during_a_deployment_were_not_deployed_by_it()
    {
        await EndAsync(HttpMethod.Put, "/stacks/shop", Body(First, null), success: true, () => StoreAsync(Second, revision: null));
        Deployed(await FindAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task Who_sees_some_hosts_gets_their_stacks()
    {
        var other = await Hub.StartAgentAsync(Token, "ENGINE:2", "other");
        await Hub.AskAsync(HttpMethod.Put, HostPath + "/tags", """{"tags":["web"]}""", Token);
        await StoreAsync(First, revision: "");
        await Hub.AskAsync(HttpMethod.Put, $"/api/hosts/{other.HostId}/stacks/bar?deploy=false", Body(First, null), Token);
        await Service<DockMon.Hub.Inventory.InventoryUpdates>().TakeListAsync(
            Agent.HostId,
            JsonElement.Parse(
                """
                [{"Id":"c1","State":"running","Labels":{"com.docker.compose.project":"found"}},
                {"Id":"c2","State":"exited","Labels":{"com.docker.compose.project":"found"}},
                {"Id":"c3","State":"running","Labels":{"com.docker.compose.project":"shop"}}]
                """),
            Token);
        using var narrow = await HubUser.WithTokenAsync(Hub, "viewer", Token, "web");
        using var all = await HubUser.WithTokenAsync(Hub, "viewer", Token);

        (await ListAsync(narrow)).ShouldBe(["found False 1/2", "shop True 1/1"]);
        (await ListAsync(all)).ShouldBe(["found False 1/2", "shop True 1/1", "bar True 0/0"], ignoreOrder: true);
        var ofHost = JsonElement.Parse((await Hub.AskAsync(HttpMethod.Get, $"/api/hosts/{other.HostId}/stacks", null, Token)).Body);
        ofHost.EnumerateArray().Select(stack => stack.GetProperty("name").GetString()).ShouldBe(["bar"]);

        static async Task<IEnumerable<string>> ListAsync(HubUser user) => JsonElement.Parse((await user.GetAsync("/api/stacks", Token)).Body).EnumerateArray()
            .Select(stack => $"{stack.GetProperty("name")} {stack.GetProperty("managed")} {stack.GetProperty("running")}/{stack.GetProperty("containers")}");
    }

    private static string Body(string compose, string? revision) => JsonSerializer.Serialize(
        new Dictionary<string, string?> { ["compose"] = compose, ["revision"] = revision });

    private static string? Deployed(JsonElement stack) =>
        stack.TryGetProperty("deployed", out var deployed) ? deployed.GetProperty("compose").GetString() : null;

    private async Task<(HttpStatusCode Status, JsonElement Answer)> StoreAsync(string compose, string? revision)
    {
        var (status, body) = await Hub.AskAsync(HttpMethod.Put, HostPath + "/stacks/shop?deploy=false", Body(compose, revision), Token);
        return (status, JsonElement.Parse(body));
    }

    private async Task<JsonElement> FindAsync() =>
        JsonElement.Parse((await Hub.AskAsync(HttpMethod.Get, HostPath + "/stacks/shop", null, Token)).Body);

    /// <summary>Begins something with the stack, and has the agent tell how it ended.</summary>
    private async Task EndAsync(HttpMethod method, string path, string? body, bool success, Func<Task>? meanwhile = null)
    {
        var asking = Hub.AskAsync(method, HostPath + path, body, Token);
        var request = await Agent.ReadFrameAsync(Token);
        await Agent.AnswerAsync(request, """{"status":"deployment_started"}""", Token);
        (await asking).Status.ShouldBe(HttpStatusCode.Accepted);
        if (meanwhile is not null)
        {
            await meanwhile();
        }

        var id = request.GetProperty("payload").GetProperty("deployment_id").GetString();
        var end = $$$"""{"deployment_id":"{{{id}}}","action":"up","success":{{{(success ? "true" : "false")}}},"services":{},"error":"no"}""";
        await Agent.SendEventAsync(EventNames.DeployComplete, end, Token);
        await UntilReadAsync();
    }
}
