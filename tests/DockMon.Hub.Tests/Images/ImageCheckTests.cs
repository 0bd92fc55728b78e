using System.Net;
using System.Text.Json;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Images;
using DockMon.Hub.Inventory;
using DockMon.Hub.Tests.Access;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Images;

public sealed class ImageCheckTests : HubTests
{
    private const string Containers =
        """
        [{"Id":"c1","Names":["/web"],"Image":"nginx:1","RepoDigests":["nginx@sha256:old"]},
        {"Id":"c2","Names":["/new"],"Image":"nginx:1","RepoDigests":["nginx@sha256:new"]},
        {"Id":"c3","Names":["/built"],"Image":"built:1","RepoDigests":[]},{"Id":"c4","Names":["/late"],"Image":"late:1"},{"Id":"c5"},null]
        """;

    private const string Found = """[{"image":"nginx:1","remote_digest":"sha256:new"},{"image":"built:1","error":"it was built"},null]""";

    [Fact]
    public async Task Each_container_is_said_to_have_an_update_or_not_and_why_that_is_not_known()
    {
        var agent = await ConnectAsync();
        var asking = Hub.AskAsync(HttpMethod.Post, HostPath + "/images/check", null, Token);
        (await AnswerAsync(agent, Found)).GetProperty("images").EnumerateArray().Select(image => image.GetString())
            .ShouldBe(["nginx:1", "built:1", "late:1"], ignoreOrder: true);
        var (status, body) = await asking;
        status.ShouldBe(HttpStatusCode.OK, body);
        JsonElement.Parse(body).GetArrayLength().ShouldBe(2);
        Feed().ShouldContain(item => item.Name == FeedNames.ImagesChecked);

        JsonElement.Parse((await Hub.AskAsync(HttpMethod.Get, HostPath + "/updates", null, Token)).Body).EnumerateArray()
            .Select(one => (
                one.GetProperty("name").GetString(),
                one.TryGetProperty("update_available", out var available) ? available.GetBoolean() : (bool?)null,
                one.TryGetProperty("error", out var error) ? error.GetString() : null))
            .ShouldBe([("built", null, "it was built"), ("late", null, "its image was not checked yet"), ("new", false, null), ("web", true, null)]);
        JsonElement.Parse((await Hub.AskAsync(HttpMethod.Get, "/api/updates", null, Token)).Body).EnumerateArray()
            .Select(one => (
                one.GetProperty("host_id").GetString(),
                one.GetProperty("name").GetString(),
                one.TryGetProperty("local_digest", out var digest) ? digest.GetString() : null))
            .ShouldBe([(Agent.HostId, "built", null), (Agent.HostId, "new", "sha256:new"), (Agent.HostId, "web", "sha256:old")]);
        await Hub.AskAsync(HttpMethod.Put, HostPath + "/tags", """{"tags":["web"]}""", Token);
        using var blind = await HubUser.WithTokenAsync(Hub, "viewer", Token, "none");
        (await blind.GetAsync("/api/updates", Token)).Body.ShouldBe("[]");
    }

    [Fact]
    public async Task Images_that_are_named_are_checked_with_the_credentials_that_are_given()
    {
        var agent = await ConnectAsync();
        const string Body = """{"images":["a:1"],"registry_credentials":[{"registry_url":"reg.test","username":"u","password":"p"}]}""";
        var asking = Hub.AskAsync(HttpMethod.Post, HostPath + "/images/check", Body, Token);
        (await AnswerAsync(agent, """[{"image":"a:1","error":"no"}]""")).GetRawText().ShouldBe(Body);
        (await asking).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_connected_host_is_checked_in_the_background_and_again_after_six_hours()
    {
        var agent = await ConnectAsync();
        for (var i = 0; i < 2; i++)
        {
            var checking = AnswerAsync(agent, Found);
            await Retry.UntilAsync("it is checked", () =>
            {
                Hub.Time.Advance(ImageCheckLoop.Turn);
                return checking.IsCompleted;
            }, ct: Token);
            await checking;
        }
    }

    [Fact]
    public async Task An_agent_without_the_extension_is_said_to_have_none()
    {
        var (status, body) = await Hub.AskAsync(HttpMethod.Post, HostPath + "/images/check", null, Token);
        status.ShouldBe(HttpStatusCode.NotImplemented);
        body.ShouldContain("cannot check images");
    }

    [Fact]
    public async Task What_the_policy_of_a_host_allows_is_told_as_its_agent_told_it_last()
    {
        (await Hub.AskAsync(HttpMethod.Get, HostPath + "/policy", null, Token)).Status.ShouldBe(HttpStatusCode.NotImplemented);
        var agent = await Hub.ReconnectAsync(Agent, Token, ExtensionNames.Policy);
        (await Hub.AskAsync(HttpMethod.Get, HostPath + "/policy", null, Token)).Status.ShouldBe(HttpStatusCode.NotFound);
        foreach (var mode in new[] { "full", "observe" })
        {
            await agent.SendEventAsync("policy", $$$"""{"mode":"{{{mode}}}","enforced":true,"usable":true,"actions":{"stop":"refused"}}""", Token);
            await Retry.UntilAsync(
                "it is told",
                async () => (await Hub.AskAsync(HttpMethod.Get, HostPath + "/policy", null, Token)).Body.Contains(mode, StringComparison.Ordinal),
                ct: Token);
        }

        await agent.SendEventAsync("policy", """{"mode":null,"actions":{}}""", Token);
        (await Hub.AskAsync(HttpMethod.Get, HostPath + "/policy", null, Token)).Body
            .ShouldBe("""{"mode":"observe","enforced":true,"usable":true,"actions":{"stop":"refused"}}""");
    }

    /// <summary>Answers the next check, and what else the hub asks until then.</summary>
    private static async Task<JsonElement> AnswerAsync(FakeAgent agent, string answer)
    {
        while (true)
        {
            var request = await agent.ReadFrameAsync(Token);
            if (request.TryGetProperty("command", out var command))
            {
                var isCheck = command.GetString() == "image_check";
                await agent.AnswerAsync(request, isCheck ? answer : Containers.ReplaceLineEndings(""), Token);
                if (isCheck)
                {
                    return request.GetProperty("payload");
                }
            }
        }
    }

    private async Task<FakeAgent> ConnectAsync()
    {
        await Service<InventoryUpdates>().TakeListAsync(Agent.HostId, JsonElement.Parse(Containers), Token);
        return await Hub.ReconnectAsync(Agent, Token, ExtensionNames.ImageCheck);
    }
}
