using System.Net;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Hub.Access.Permissions;
using DockMon.Protocol;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Access.Permissions;

public sealed class RoleTests : HubTests
{
    [Fact]
    public void Somebody_has_decided_on_every_command_and_operation()
    {
        static IEnumerable<string> Names(Type type) =>
            type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!);
        Names(typeof(CommandNames)).Concat(Names(typeof(OperationActions))).Where(name => !CommandRoles.IsKnown(name)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("list_containers", "", true)]
    [InlineData("read_compose_file", """{"path":"/a"}""", true)]
    [InlineData("prune_images", "", false)]
    [InlineData("something_new", "", false)]
    [InlineData(null, """{"action":"get_logs"}""", true)]
    [InlineData(null, """{"action":"stop"}""", false)]
    [InlineData(null, """{"action":"inspect","action":"stop"}""", false)]
    [InlineData(null, """{"action":"\ud800"}""", false)]
    [InlineData(null, "", false)]
    public void What_only_reads_may_be_asked_twice(string? command, string payload, bool reads) =>
        CommandRoles.OnlyReads(command, Encoding.UTF8.GetBytes(payload)).ShouldBe(reads);

    [Theory]
    [InlineData("viewer", "command", """{"command":"list_images"}""", true)]
    [InlineData("viewer", "command", """{"command":"remove_image","payload":{}}""", false)]
    [InlineData("viewer", "command", """{"command":"something_new"}""", false)]
    [InlineData("operator", "command", """{"command":"remove_image","payload":{}}""", true)]
    [InlineData("operator", "command", """{"command":"deploy_compose","payload":{}}""", false)]
    [InlineData("operator", "command", """{"command":"self_update","payload":{}}""", false)]
    [InlineData("operator", "command", """{"command":"something_new"}""", false)]
    [InlineData("admin", "command", """{"command":"something_new"}""", true)]
    [InlineData("viewer", "operation", """{"action":"inspect","container_id":"c1"}""", true)]
    [InlineData("viewer", "operation", """{"action":"stop","container_id":"c1"}""", false)]
    [InlineData("viewer", "operation", """{"action":"inspect","Action":"create"}""", false)]
    [InlineData("viewer", "operation", """{"Action":"inspect"}""", false)]
    [InlineData("viewer", "operation", """{"action":"\ud800"}""", false)]
    [InlineData("operator", "operation", """{"action":"stop","container_id":"c1"}""", true)]
    [InlineData("operator", "operation", """{"action":"create","config":{}}""", false)]
    public async Task What_is_forwarded_takes_the_role_of_what_it_does(string role, string path, string body, bool allowed)
    {
        using var program = await HubUser.WithTokenAsync(Hub, role, Token);
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        var asking = program.Http.PostAsync($"{HostPath}/{path}", content, Token);
        if (!allowed)
        {
            (await asking).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
            return;
        }

        var request = await Agent.ReadFrameAsync(Token);
        await (path == "command" ? Agent.AnswerAsync(request, "{}", Token) : Agent.AnswerOperationAsync(request, "\"success\":true", Token));
        (await asking).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_body_cannot_say_another_action_in_capital_letters()
    {
        using var program = await HubUser.WithTokenAsync(Hub, "operator", Token);
        var asking = program.PostAsync($"{HostPath}/containers/c1/start", new JsonObject { ["ACTION"] = "create", ["Container_Id"] = "c2" }, Token);
        var request = await Agent.ReadFrameAsync(Token);
        request.GetProperty("payload").GetRawText().ShouldBe("""{"action":"start","container_id":"c1"}""");
        await Agent.AnswerOperationAsync(request, "\"success\":true", Token);
        (await asking).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Who_has_tags_sees_the_hosts_with_one_of_them_and_their_events_only()
    {
        var other = await Hub.StartAgentAsync(Token, "ENGINE:2", "other");
        using var program = await HubUser.WithTokenAsync(Hub, "viewer", Token, "production", "backup");
        (await program.GetAsync("/api/hosts", Token)).Body.ShouldBe("[]");
        (await TagAsync(other.HostId, "production", "web")).ShouldBe(HttpStatusCode.NoContent);
        var seen = JsonElement.Parse((await program.GetAsync("/api/hosts", Token)).Body).EnumerateArray().Single();
        seen.GetProperty("id").GetString().ShouldBe(other.HostId);
        seen.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()).ShouldBe(["production", "web"]);
        (await program.GetAsync(HostPath, Token)).Status.ShouldBe(HttpStatusCode.NotFound);

        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/stream");
        using var stream = await program.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync(Token));
        (await reader.ReadLineAsync(Token)).ShouldBe(": connected");
        await Agent.SendEventAsync("update_complete", """{"hidden":true}""", Token);
        await UntilReadAsync();
        await other.SendEventAsync("update_complete", """{"shown":true}""", Token);
        string? line;
        do
        {
            line = await reader.ReadLineAsync(Token);
            line.ShouldNotBeNull().ShouldNotContain("hidden");
        }
        while (!line.Contains("shown", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_has_tags_changes_nothing_that_concerns_all_hosts()
    {
        using var narrow = await HubUser.WithTokenAsync(Hub, "admin", Token, "production");
        await TagAsync(Agent.HostId, "production");
        (await narrow.GetAsync(HostPath, Token)).Status.ShouldBe(HttpStatusCode.OK);
        (await narrow.PostAsync("/api/users", new JsonObject { ["name"] = "eve", ["role"] = "admin", ["password"] = HubUser.Password }, Token)).Status
            .ShouldBe(HttpStatusCode.Forbidden);
        (await narrow.AskAsync(
            HttpMethod.Put,
            HostPath + "/tags",
            new JsonObject { ["tags"] = new JsonArray() },
            Token)).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await narrow.GetAsync("/api/audit", Token)).Status.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Users_are_added_changed_and_removed_and_the_last_admin_stays()
    {
        using var anna = await HubUser.SetUpAsync(Hub, Token);
        var bert = new JsonObject { ["name"] = "bert", ["role"] = "viewer", ["password"] = HubUser.Password, ["tags"] = new JsonArray("web") };
        (await anna.PostAsync("/api/users", bert, Token)).Status.ShouldBe(HttpStatusCode.OK);
        (await anna.PostAsync("/api/users", bert, Token)).Status.ShouldBe(HttpStatusCode.Conflict);
        using var other = new HubUser(Hub);
        (await other.SignInAsync("bert", HubUser.Password, Token)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await other.GetAsync("/api/users", Token)).Status.ShouldBe(HttpStatusCode.Forbidden);

        (await anna.AskAsync(HttpMethod.Put, "/api/users/bert", new JsonObject { ["role"] = "operator" }, Token)).Status.ShouldBe(HttpStatusCode.OK);
        (await other.GetAsync("/api/hosts", Token)).Status.ShouldBe(HttpStatusCode.Unauthorized, "a new role ends the sessions");
        await other.SignInAsync("bert", HubUser.Password, Token);
        JsonElement.Parse((await other.GetAsync("/api/me", Token)).Body).GetProperty("role").GetString().ShouldBe("operator");

        foreach (var (method, body) in new[]
        {
            (HttpMethod.Delete, null),
            (HttpMethod.Put, new JsonObject { ["role"] = "viewer" }),
            (HttpMethod.Put, new JsonObject { ["tags"] = new JsonArray("x") })
        })
        {
            (await anna.AskAsync(method, "/api/users/anna", body, Token)).Status.ShouldBe(HttpStatusCode.Conflict);
        }

        (await anna.GetAsync("/api/me", Token)).Status.ShouldBe(HttpStatusCode.OK, "nothing was changed, so the session goes on");
        (await anna.AskAsync(HttpMethod.Delete, "/api/users/bert", null, Token)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await other.GetAsync("/api/hosts", Token)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_token_expires_and_tells_when_it_was_used()
    {
        var (_, body) = await Hub.AskAsync(HttpMethod.Post, "/api/access-tokens", """{"name":"backup","role":"viewer","days":1}""", Token);
        using var program = new HubUser(Hub, JsonElement.Parse(body).GetProperty("value").GetString());
        program.TokenValue.ShouldStartWith("dmh_");
        (await program.GetAsync("/api/hosts", Token)).Status.ShouldBe(HttpStatusCode.OK);
        var shown = JsonElement.Parse((await Hub.AskAsync(HttpMethod.Get, "/api/access-tokens", null, Token)).Body)[0];
        (shown.GetProperty("used_at").GetString(), shown.GetProperty("created_by").GetString()).ShouldBe(("2026-11-23T12:00:00Z", "admin key"));
        shown.GetRawText().ShouldNotContain(program.TokenValue!);
        Hub.Time.Advance(TimeSpan.FromDays(1));
        (await program.GetAsync("/api/hosts", Token)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("""{"name":"","role":"viewer"}""")]
    [InlineData("""{"name":"x","role":"root"}""")]
    [InlineData("""{"name":"x","role":"viewer","days":0}""")]
    [InlineData("""{"name":"x","role":"viewer","tags":["Not A Tag"]}""")]
    public async Task A_token_that_makes_no_sense_is_refused(string body) =>
        (await Hub.AskAsync(HttpMethod.Post, "/api/access-tokens", body, Token)).Status.ShouldBe(HttpStatusCode.BadRequest);

    private async Task<HttpStatusCode> TagAsync(string host, params string[] tags)
    {
        var body = new JsonObject { ["tags"] = new JsonArray([.. tags.Select(tag => JsonValue.Create(tag))]) };
        return (await Hub.AskAsync(HttpMethod.Put, $"/api/hosts/{host}/tags", body.ToJsonString(), Token)).Status;
    }
}
