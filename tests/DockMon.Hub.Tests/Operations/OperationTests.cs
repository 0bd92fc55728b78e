using System.Net;
using System.Text.Json;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Operations;
using DockMon.Hub.Tests.Access;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Operations;

public sealed class OperationTests : HubTests
{
    private const string Compose = "services: {web: {image: nginx, environment: [PASSWORD=do-not-tell]}}";

    [Fact]
    public async Task An_update_is_followed_from_its_beginning_to_its_end()
    {
        var (status, operation) = await BeginAsync(HttpMethod.Post, "/containers/c1/update", """{"image":"nginx:2","health_timeout":5}""", request =>
        {
            request.GetProperty("command").GetString().ShouldBe(CommandNames.UpdateContainer);
            var payload = request.GetProperty("payload");
            payload.GetProperty("container_id").GetString().ShouldBe("c1");
            payload.GetProperty("new_image").GetString().ShouldBe("nginx:2");
            payload.GetProperty("health_timeout").GetInt32().ShouldBe(5);
        });
        status.ShouldBe(HttpStatusCode.Accepted);
        var id = operation.GetProperty("id").GetString()!;
        operation.GetProperty("state").GetString().ShouldBe("running");

        await Agent.SendEventAsync(EventNames.UpdateProgress, """{"container_id":"c1","stage":"pulling","message":"Pulling"}""", Token);
        await Agent.SendEventAsync(EventNames.UpdateProgress, """{"container_id":"other","stage":"failed","message":"x"}""", Token);
        await UntilReadAsync();
        (await GetAsync(id)).GetProperty("stage").GetString().ShouldBe("pulling");

        (await Hub.AskAsync(HttpMethod.Post, HostPath + "/containers/c1/update", """{"image":"nginx:3"}""", Token)).Status.ShouldBe(HttpStatusCode.Conflict);

        await Agent.SendEventAsync(
            EventNames.UpdateComplete, """{"old_container_id":"c1","new_container_id":"c2","container_name":"web"}""", Token);
        await UntilReadAsync();
        var ended = await GetAsync(id);
        ended.GetProperty("state").GetString().ShouldBe("succeeded");
        ended.GetProperty("result").GetString().ShouldBe("c2");
        Feed().Count(item => item.Name == FeedNames.OperationChanged).ShouldBe(2);
        ended.GetProperty("image").GetString().ShouldBe("nginx:2");
        ended.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("stage").GetString()).ShouldBe(["pulling", "completed"]);

        await Agent.SendEventAsync(EventNames.UpdateProgress, """{"container_id":"c1","stage":"failed","message":"late"}""", Token);
        await UntilReadAsync();
        (await GetAsync(id)).GetProperty("state").GetString().ShouldBe("succeeded");
    }

    [Fact]
    public async Task An_update_that_fails_tells_why_and_one_that_the_agent_refuses_has_failed()
    {
        var (_, operation) = await BeginAsync(HttpMethod.Post, "/containers/c1/update", """{"image":"nginx:2"}""");
        await Agent.SendEventAsync(EventNames.UpdateProgress, """{"container_id":"c1","stage":"rollback","message":"back"}""", Token);
        await Agent.SendEventAsync(EventNames.UpdateProgress, """{"container_id":"c1","stage":"failed","message":"no","error":"unhealthy"}""", Token);
        await UntilReadAsync();
        var ended = await GetAsync(operation.GetProperty("id").GetString()!);
        (ended.GetProperty("state").GetString(), ended.GetProperty("error").GetString()).ShouldBe(("failed", "unhealthy"));

        var asking = Hub.AskAsync(HttpMethod.Post, HostPath + "/containers/c2/update", """{"image":"x"}""", Token);
        var request = await Agent.ReadFrameAsync(Token);
        await Agent.SendAsync($$"""{"type":"response","id":"{{request.GetProperty("id").GetString()}}","error":"not now"}""", Token);
        (await asking).Status.ShouldBe(HttpStatusCode.BadGateway);
        var all = JsonElement.Parse((await Hub.AskAsync(HttpMethod.Get, "/api/operations?host=" + Agent.HostId, null, Token)).Body);
        all.EnumerateArray().Single(one => one.GetProperty("subject").GetString() == "c2").GetProperty("error").GetString().ShouldBe("not now");
    }

    [Fact]
    public async Task The_way_of_an_operation_is_kept_each_step_once_and_the_newest_always()
    {
        var store = Service<OperationStore>();
        var operation = (await store.AddAsync(Agent.HostId, OperationKinds.Update, "c1", Token, name: "web", image: "nginx:2"))!.Operation;
        operation = (await store.ChangeAsync(operation with { Stage = "pulling", Message = "a" }, Token))!;
        operation = (await store.ChangeAsync(operation with { Error = "as before" }, Token))!;
        for (var i = 0; i < OperationAnswer.MostSteps; i++)
        {
            operation = (await store.ChangeAsync(operation with { Message = $"step {i}" }, Token))!;
        }

        var kept = (await store.FindAsync(operation.Id, Token))!;
        (kept.Name, kept.Image, kept.Steps.Count).ShouldBe(("web", "nginx:2", OperationAnswer.MostSteps));
        kept.Steps.Select(step => step.Message).Take(2).ShouldBe(["a", "step 0"]);
        kept.Steps[^1].Message.ShouldBe($"step {OperationAnswer.MostSteps - 1}");
    }

    [Fact]
    public async Task An_operation_whose_agent_does_not_come_back_ends_and_goes_on_when_it_does()
    {
        var (_, update) = await BeginAsync(HttpMethod.Post, "/containers/c1/update", """{"image":"nginx:2"}""");
        var deployment = (await Service<OperationStore>().AddAsync(Agent.HostId, OperationKinds.Deploy, "shop", Token))!.Operation;
        Agent.Socket.Abort();
        Hub.Time.Advance(OperationStore.Silence - TimeSpan.FromMinutes(1));
        (await GetAsync(deployment.Id)).GetProperty("state").GetString().ShouldBe("running");
        foreach (var id in new[] { update.GetProperty("id").GetString()!, deployment.Id })
        {
            JsonElement lost = default;
            await Retry.UntilAsync("it is lost", async () =>
            {
                Hub.Time.Advance(OperationExpiry.Interval);
                return (lost = await GetAsync(id)).GetProperty("state").GetString() == "failed";
            }, ct: Token);
            lost.GetProperty("stage").GetString().ShouldBe("lost");
            lost.GetProperty("error").GetString()!.ShouldContain("may have been done");
        }

        Feed().Count(item => item.Name == FeedNames.OperationChanged).ShouldBe(2);
        var agent = await Hub.ReconnectAsync(Agent, Token);
        await agent.SendEventAsync(EventNames.UpdateProgress, """{"container_id":"c1","stage":"starting","message":"Starting"}""", Token);
        await agent.SendEventAsync(
            EventNames.DeployComplete, $$$"""{"deployment_id":"{{{deployment.Id}}}","action":"up","success":true,"services":{}}""", Token);
        await Retry.UntilAsync(
            "the deployment has ended", async () => (await GetAsync(deployment.Id)).GetProperty("state").GetString() == "succeeded", ct: Token);
        (await GetAsync(deployment.Id)).GetProperty("error").GetString().ShouldBe("");
        var again = await GetAsync(update.GetProperty("id").GetString()!);
        (again.GetProperty("state").GetString(), again.GetProperty("error").GetString()).ShouldBe(("running", ""));
    }

    [Fact]
    public async Task An_operation_that_may_have_begun_although_the_agent_did_not_answer_is_lost_and_does_not_hinder_the_next()
    {
        var asking = Hub.AskAsync(HttpMethod.Post, HostPath + "/containers/c1/update", """{"image":"x"}""", Token);
        await Agent.ReadFrameAsync(Token);
        Hub.Time.Advance(Relay.DefaultLimit);
        (await asking).Status.ShouldBe(HttpStatusCode.GatewayTimeout);
        (await Service<OperationStore>().ListAsync([Agent.HostId], 10, Token)).Single().Stage.ShouldBe("lost");
        var (status, next) = await BeginAsync(HttpMethod.Post, "/containers/c1/update", """{"image":"x"}""");
        status.ShouldBe(HttpStatusCode.Accepted);
        await Agent.SendEventAsync(EventNames.UpdateComplete, """{"old_container_id":"c1","new_container_id":"c2","container_name":"web"}""", Token);
        await UntilReadAsync();
        (await Service<OperationStore>().ListAsync([Agent.HostId], 10, Token)).Single(one => one.State == OperationStates.Succeeded).Id
            .ShouldBe(next.GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_host_has_at_most_a_thousand_operations_that_have_ended_and_none_that_ended_a_month_ago()
    {
        await ExecuteAsync(
            $"""
            INSERT INTO operations (id, host_id, kind, subject, state, stage, message, error, result, started_at, changed_at)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
            SELECT CAST(i AS TEXT), '{Agent.HostId}', 'deploy', 's', CASE WHEN i < 10 THEN 'running' ELSE 'failed' END, '', '', '', '',
                '2026-11-23T11:00:00Z', '2026-11-23T11:59:00Z' FROM n
            """);
        await Service<OperationStore>().AddAsync(Agent.HostId, OperationKinds.Deploy, "s", Token);
        (await CountAsync()).ShouldBe(9 + OperationStore.MostKept);
        Hub.Time.Advance(OperationStore.Silence + OperationExpiry.Interval);
        await Retry.UntilAsync("those that ran have failed", async () => (await ListAsync()).TrueForAll(one => one.State == "failed"), ct: Token);
        (await CountAsync()).ShouldBe(9 + OperationStore.MostKept);
        Hub.Time.Advance(OperationStore.Kept + OperationExpiry.Interval);
        await Retry.UntilAsync("they are gone", async () => await CountAsync() == 0, ct: Token);

        Task<List<OperationAnswer>> ListAsync() => Service<OperationStore>().ListAsync(null, 10_000, Token);
        async Task<int> CountAsync() => (await ListAsync()).Count;
    }

    [Fact]
    public async Task Who_sees_some_hosts_gets_the_newest_operations_of_these()
    {
        var other = await Hub.StartAgentAsync(Token, "ENGINE:2", "other");
        var store = Service<OperationStore>();
        var seen = (await store.AddAsync(Agent.HostId, OperationKinds.Update, "c1", Token))!.Operation;
        Hub.Time.Advance(TimeSpan.FromSeconds(1));
        var unseen = (await store.AddAsync(other.HostId, OperationKinds.Update, "c2", Token))!.Operation;
        await Hub.AskAsync(HttpMethod.Put, HostPath + "/tags", """{"tags":["web"]}""", Token);
        using var narrow = await HubUser.WithTokenAsync(Hub, "viewer", Token, "web");
        using var blind = await HubUser.WithTokenAsync(Hub, "viewer", Token, "none");
        using var all = await HubUser.WithTokenAsync(Hub, "viewer", Token);

        (await IdsAsync(narrow, "?limit=1")).ShouldBe([seen.Id]);
        (await IdsAsync(narrow, "?host=" + Agent.HostId)).ShouldBe([seen.Id]);
        (await IdsAsync(narrow, "?host=" + other.HostId)).ShouldBeEmpty();
        (await IdsAsync(blind, "")).ShouldBeEmpty();
        (await IdsAsync(all, "")).ShouldBe([unseen.Id, seen.Id]);

        static async Task<IEnumerable<string?>> IdsAsync(HubUser user, string query) =>
            JsonElement.Parse((await user.GetAsync("/api/operations" + query, Token)).Body).EnumerateArray().Select(one => one.GetProperty("id").GetString());
    }

    [Fact]
    public async Task An_update_without_an_image_keeps_the_one_that_the_container_has()
    {
        (await Hub.AskAsync(HttpMethod.Post, HostPath + "/containers/c1/update", "{}", Token)).Status.ShouldBe(HttpStatusCode.BadRequest);
        await Service<DockMon.Hub.Inventory.InventoryUpdates>().TakeListAsync(
            Agent.HostId, JsonElement.Parse("""[{"Id":"c1","Names":["/web"],"Image":"nginx:1"}]"""), Token);
        await BeginAsync(
            HttpMethod.Post, "/containers/c1/update", "{}", request => request.GetProperty("payload").GetProperty("new_image").GetString().ShouldBe("nginx:1"));
        var (name, image) = (await Service<OperationStore>().ListAsync([Agent.HostId], 1, Token)).Select(one => (one.Name, one.Image)).Single();
        (name, image).ShouldBe(("web", "nginx:1"));
    }

    [Fact]
    public async Task A_stack_is_deployed_listed_and_taken_down()
    {
        var (status, operation) = await BeginAsync(
            HttpMethod.Put, "/stacks/shop", JsonSerializer.Serialize(new Dictionary<string, string> { ["compose"] = Compose, ["env"] = "A=1" }), request =>
            {
                request.GetProperty("command").GetString().ShouldBe(CommandNames.DeployCompose);
                var payload = request.GetProperty("payload");
                (payload.GetProperty("action").GetString(), payload.GetProperty("project_name").GetString()).ShouldBe(("up", "shop"));
                payload.GetProperty("env_file_content").GetString().ShouldBe("A=1");
            });
        status.ShouldBe(HttpStatusCode.Accepted);
        var id = operation.GetProperty("id").GetString()!;
        await Agent.SendEventAsync(EventNames.DeployProgress, $$"""{"deployment_id":"{{id}}","stage":"creating","message":"Creating"}""", Token);
        await UntilReadAsync();
        (await GetAsync(id)).GetProperty("message").GetString().ShouldBe("Creating");
        await Agent.SendEventAsync(
            EventNames.DeployComplete,
            $$$"""{"deployment_id":"{{{id}}}","action":"up","success":false,"services":{},"failed_services":["web"]}""",
            Token);
        await UntilReadAsync();
        var ended = await GetAsync(id);
        ended.GetProperty("state").GetString().ShouldBe("failed");
        ended.GetProperty("error").GetString()!.ShouldContain("web");

        var stack = JsonElement.Parse((await Hub.AskAsync(HttpMethod.Get, HostPath + "/stacks/shop", null, Token)).Body);
        stack.GetProperty("compose").GetString().ShouldBe(Compose);
        (await Hub.AskAsync(HttpMethod.Get, HostPath + "/stacks", null, Token)).Body.ShouldContain("\"shop\"");

        var (_, down) = await BeginAsync(HttpMethod.Delete, "/stacks/shop?volumes=true", null, request =>
        {
            request.GetProperty("payload").GetProperty("action").GetString().ShouldBe("down");
            request.GetProperty("payload").GetProperty("remove_volumes").GetBoolean().ShouldBeTrue();
        });
        await Agent.SendEventAsync(
            EventNames.DeployComplete,
            $$$"""{"deployment_id":"{{{down.GetProperty("id").GetString()}}}","action":"down","success":true,"services":{}}""",
            Token);
        await UntilReadAsync();
        (await Hub.AskAsync(HttpMethod.Get, HostPath + "/stacks/shop", null, Token)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await Hub.AskAsync(HttpMethod.Delete, HostPath + "/stacks/shop", null, Token)).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("UPPER", """{"compose":"x"}""")]
    [InlineData("shop", "{}")]
    [InlineData("shop", """{"compose":""}""")]
    public async Task A_stack_that_makes_no_sense_is_refused(string name, string body) =>
        (await Hub.AskAsync(HttpMethod.Put, $"{HostPath}/stacks/{name}", body, Token)).Status.ShouldBe(HttpStatusCode.BadRequest);

    [Fact]
    public async Task An_agent_cannot_change_an_operation_of_another_host()
    {
        var (_, operation) = await BeginAsync(HttpMethod.Put, "/stacks/shop", """{"compose":"x"}""");
        var id = operation.GetProperty("id").GetString()!;
        var other = await Hub.StartAgentAsync(Token, "ENGINE:2", "another");
        await other.SendEventAsync(EventNames.DeployComplete, $$$"""{"deployment_id":"{{{id}}}","action":"up","success":true,"services":{}}""", Token);
        await other.SendEventAsync(EventNames.DeployProgress, """{"deployment_id":"marker","stage":"x","message":"x"}""", Token);
        await DockMon.Testing.Retry.UntilAsync(
            "the hub has read it", () => Feed().Any(item => item.Name == EventNames.DeployProgress), ct: Token);
        (await GetAsync(id)).GetProperty("state").GetString().ShouldBe("running");
    }

    private async Task<JsonElement> GetAsync(string id) =>
        JsonElement.Parse((await Hub.AskAsync(HttpMethod.Get, "/api/operations/" + id, null, Token)).Body);

    private async Task<(HttpStatusCode Status, JsonElement Operation)> BeginAsync(
        HttpMethod method, string path, string? body, Action<JsonElement>? check = null)
    {
        var asking = Hub.AskAsync(method, HostPath + path, body, Token);
        var request = await Agent.ReadFrameAsync(Token);
        check?.Invoke(request);
        await Agent.AnswerAsync(request, """{"status":"started"}""", Token);
        var (status, answer) = await asking;
        return (status, JsonElement.Parse(answer));
    }
}
