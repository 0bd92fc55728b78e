using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Hub.Access.Audit;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Access.Audit;

public sealed class AuditTests : HubTests
{
    [Fact]
    public async Task A_change_is_recorded_with_who_where_what_and_how_it_ended()
    {
        using var program = await HubUser.WithTokenAsync(Hub, "operator", Token);
        var asking = program.PostAsync($"{HostPath}/containers/c1/stop", null, Token);
        var request = await Agent.ReadFrameAsync(Token);
        var begun = (await EntriesAsync())[0];
        begun.TryGetProperty("outcome", out _).ShouldBeFalse("it goes on");
        await Agent.SendAsync($$"""{"correlation_id":"{{request.GetProperty("id").GetString()}}","success":false,"error":"no"}""", Token);
        (await asking).Status.ShouldBe(HttpStatusCode.BadGateway);

        var entry = await EndedAsync("token program");
        Text(entry, "address").ShouldBe("127.0.0.1");
        Text(entry, "action").ShouldBe("POST /api/hosts/{id}/containers/{cid}/stop");
        Text(entry, "host_id").ShouldBe(Agent.HostId);
        Text(entry, "detail").ShouldBe("cid=c1");
        Text(entry, "outcome").ShouldBe("error 502");
    }

    [Fact]
    public async Task Of_what_is_forwarded_only_what_does_more_than_read_is_recorded_and_what_was_refused()
    {
        using var program = await HubUser.WithTokenAsync(Hub, "operator", Token);
        var reading = program.PostAsync(HostPath + "/command", new JsonObject { ["command"] = "list_images" }, Token);
        await Agent.AnswerAsync(await Agent.ReadFrameAsync(Token), "[]", Token);
        await reading;
        var stopping = program.PostAsync(HostPath + "/operation", new JsonObject { ["action"] = "stop", ["container_id"] = "c1" }, Token);
        await Agent.AnswerOperationAsync(await Agent.ReadFrameAsync(Token), "\"success\":true", Token);
        await stopping;
        await program.PostAsync(HostPath + "/command", new JsonObject { ["command"] = "self_update" }, Token);
        await program.GetAsync("/api/hosts", Token);

        var entries = (await EntriesAsync()).Where(entry => Text(entry, "who") == "token program").ToList();
        entries.Select(entry => (Text(entry, "detail"), Text(entry, "outcome"))).ShouldBe(
            [(null, "refused: self_update takes the role admin, and token program is operator"), ("stop c1", "ok")]);
    }

    [Fact]
    public async Task A_shell_is_recorded()
    {
        using var shell = await Hub.ConnectUserAsync(HostPath + "/containers/c1/shell", Token);
        await shell.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", Token);
        Text(await EndedAsync("admin key"), "action").ShouldBe("GET /api/hosts/{id}/containers/{cid}/shell");
    }

    [Fact]
    public async Task Signing_in_is_recorded_and_so_are_wrong_passwords_of_users_there_are()
    {
        using var anna = await HubUser.SetUpAsync(Hub, Token);
        await anna.SignInAsync("anna", "something wrong", Token);
        await anna.SignInAsync("nobody", "something wrong", Token);
        (await EntriesAsync()).Where(entry => Text(entry, "who") == "user anna").Select(entry => (Text(entry, "action"), Text(entry, "outcome"))).ShouldBe(
            [("sign in", "refused: wrong password or code"), ("sign in", "ok"), ("first user", "ok")]);
        (await EntriesAsync()).ShouldNotContain(entry => Text(entry, "who")!.Contains("nobody", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_audit_is_read_by_page_and_filter_exported_and_kept_by_age()
    {
        for (var i = 0; i < 5; i++)
        {
            await Hub.AskAsync(HttpMethod.Post, "/api/tokens", null, Token);
            Hub.Time.Advance(TimeSpan.FromHours(1));
        }

        var all = await EntriesAsync();
        var page = await EntriesAsync("?limit=2");
        page.Select(entry => entry.GetProperty("id").GetInt64()).ShouldBe(all.Take(2).Select(entry => entry.GetProperty("id").GetInt64()));
        (await EntriesAsync($"?limit=100&before={page[1].GetProperty("id").GetInt64()}")).Count.ShouldBe(all.Count - 2);
        (await EntriesAsync("?action=POST%20/api/tok")).Count.ShouldBe(all.Count(entry => Text(entry, "action") == "POST /api/tokens"));
        (await EntriesAsync("?who=user%20eve")).ShouldBeEmpty();
        (await EntriesAsync($"?host_id={Agent.HostId}")).ShouldBeEmpty();
        (await EntriesAsync("?from=2026-11-23T14:00:00Z&to=2026-11-23T16:00:00Z")).Count.ShouldBe(2);
        (await Hub.AskAsync(HttpMethod.Get, "/api/audit?from=yesterday", null, Token)).Status.ShouldBe(HttpStatusCode.BadRequest);

        var lines = (await Hub.AskAsync(HttpMethod.Get, "/api/audit/export", null, Token)).Body.TrimEnd('\n').Split('\n');
        lines.Select(line => JsonElement.Parse(line).GetProperty("id").GetInt64()).ShouldBe(all.Select(entry => entry.GetProperty("id").GetInt64()));

        using var retention = new AuditRetention(
            Service<AuditLog>(),
            new HubOptions { AuditDays = 1 },
            new FakeTimeProvider(Hub.Time.GetUtcNow().AddDays(1).AddHours(-2)),
            NullLogger<AuditRetention>.Instance);
        await retention.StartAsync(Token);
        await Retry.UntilAsync("what is old is removed", async () => (await EntriesAsync()).Count == 2, ct: Token);
        await retention.StopAsync(Token);
    }

    [Fact]
    public async Task Nothing_is_changed_that_cannot_be_recorded()
    {
        await ExecuteAsync("DROP TABLE audit");
        var (status, _) = await Hub.AskAsync(HttpMethod.Delete, HostPath, null, Token);
        status.ShouldBe(HttpStatusCode.InternalServerError);
        (await Hub.AskAsync(HttpMethod.Get, HostPath, null, Token)).Status.ShouldBe(HttpStatusCode.OK);
    }

    private static string? Text(JsonElement entry, string name) => entry.TryGetProperty(name, out var value) ? value.GetString() : null;

    private async Task<List<JsonElement>> EntriesAsync(string query = "") =>
        [.. JsonElement.Parse((await Hub.AskAsync(HttpMethod.Get, "/api/audit" + query, null, Token)).Body).EnumerateArray()];

    /// <summary>The newest entry of somebody, once it has an outcome.</summary>
    private async Task<JsonElement> EndedAsync(string who)
    {
        JsonElement entry = default;
        await Retry.UntilAsync("it has an outcome", async () =>
        {
            entry = (await EntriesAsync()).First(one => Text(one, "who") == who);
            return Text(entry, "outcome") is not null;
        }, ct: Token);
        return entry;
    }
}
