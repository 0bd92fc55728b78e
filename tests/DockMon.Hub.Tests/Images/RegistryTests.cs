using System.Net;
using System.Text.Json;
using DockMon.Hub.Images;
using DockMon.Hub.Storage;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Images;

public sealed class RegistryTests : HubTests
{
    private const string Secret = "do-not-tell";

    [Fact]
    public async Task Credentials_are_stored_changed_and_deleted_and_nothing_shows_the_password()
    {
        (await PutAsync("Reg.test:5000", "robot")).ShouldBe(HttpStatusCode.OK);
        (await PutAsync("index.docker.io", "first")).ShouldBe(HttpStatusCode.OK);
        (await PutAsync("docker.io", "second", "web")).ShouldBe(HttpStatusCode.OK);
        (await Hub.AskAsync(HttpMethod.Get, "/api/registries", null, Token)).Body.ShouldBe(
            """
            [{"registry":"docker.io","username":"second","tags":["web"],"updated_at":"2026-11-23T12:00:00Z"},
            {"registry":"reg.test:5000","username":"robot","tags":[],"updated_at":"2026-11-23T12:00:00Z"}]
            """.ReplaceLineEndings(""));
        (await Service<Database>().QueryAsync("SELECT password FROM registries", row => row.GetString(0), Token))
            .ShouldAllBe(password => !password.Contains(Secret) && password.Length > Secret.Length);
        var audit = (await Hub.AskAsync(HttpMethod.Get, "/api/audit", null, Token)).Body;
        audit.ShouldContain("PUT /api/registries/{registry}");
        audit.ShouldContain("registry=docker.io");
        audit.ShouldNotContain(Secret);

        (await Hub.AskAsync(HttpMethod.Delete, "/api/registries/docker.io", null, Token)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await Hub.AskAsync(HttpMethod.Delete, "/api/registries/docker.io", null, Token)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await Service<Registries>().ListAsync(Token)).Single().Registry.ShouldBe("reg.test:5000");
    }

    [Fact]
    public async Task A_check_in_the_background_has_the_credentials_of_its_images_that_its_host_may_have()
    {
        await PutAsync("reg.test:5000", "robot");
        await PutAsync("other.test", "unused");
        await PutAsync("docker.io", "hub", "web");
        await Hub.ListAsync(Agent, """[{"Id":"c1","Image":"reg.test:5000/team/app:1"},{"Id":"c2","Image":"nginx:1"}]""", Token);
        var agent = await Hub.ReconnectAsync(Agent, Token, ExtensionNames.ImageCheck);
        (await CheckAsync()).ShouldBe([("reg.test:5000", "robot", Secret)]);

        (await Hub.AskAsync(HttpMethod.Put, HostPath + "/tags", """{"tags":["web"]}""", Token)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await CheckAsync()).ShouldBe([("docker.io", "hub", Secret), ("reg.test:5000", "robot", Secret)]);

        async Task<IEnumerable<(string?, string?, string?)>> CheckAsync()
        {
            var reading = agent.ReadFrameAsync(Token);
            await Retry.UntilAsync("the images are checked", () =>
            {
                Hub.Time.Advance(ImageCheckLoop.Turn);
                return reading.IsCompleted;
            }, ct: Token);
            return await AnswerAsync(agent, await reading);
        }
    }

    [Fact]
    public async Task Credentials_that_a_check_is_given_come_after_those_of_the_hub_and_count()
    {
        await PutAsync("reg.test", "robot");
        var agent = await Hub.ReconnectAsync(Agent, Token, ExtensionNames.ImageCheck);
        const string Body = """{"images":["reg.test/a:1"],"registry_credentials":[{"registry_url":"reg.test","username":"u","password":"p"}]}""";
        var asking = Hub.AskAsync(HttpMethod.Post, HostPath + "/images/check", Body, Token);
        (await AnswerAsync(agent, await agent.ReadFrameAsync(Token))).ShouldBe([("reg.test", "robot", Secret), ("reg.test", "u", "p")]);
        (await asking).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("https%3A%2F%2Freg.test", """{"username":"u","password":"p"}""")]
    [InlineData("reg.test:port", """{"username":"u","password":"p"}""")]
    [InlineData("reg.test", """{"username":"a:b","password":"p"}""")]
    [InlineData("reg.test", """{"username":"u"}""")]
    [InlineData("reg.test", """{"username":"u","password":""}""")]
    [InlineData("reg.test", """{"username":"u","password":"p","tags":["Not A Tag"]}""")]
    public async Task Credentials_that_make_no_sense_are_refused(string registry, string body)
    {
        (await Hub.AskAsync(HttpMethod.Put, "/api/registries/" + registry, body, Token)).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await Service<Registries>().ListAsync(Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task There_are_at_most_a_hundred_and_those_can_be_changed()
    {
        for (var i = 0; i < Registries.Most; i++)
        {
            await ExecuteAsync($"INSERT INTO registries (name, username, password, tags, updated_at) VALUES ('r{i}.test', 'u', '', '', '')");
        }

        (await PutAsync("more.test", "u")).ShouldBe(HttpStatusCode.BadRequest);
        (await PutAsync("r7.test", "changed")).ShouldBe(HttpStatusCode.OK);
        (await Service<Registries>().ListAsync(Token)).Count.ShouldBe(Registries.Most);
    }

    [Theory]
    [InlineData("nginx", "docker.io")]
    [InlineData("team/app:1", "docker.io")]
    [InlineData("docker.io/library/nginx:1", "docker.io")]
    [InlineData("index.docker.io/library/nginx", "docker.io")]
    [InlineData("localhost/app", "localhost")]
    [InlineData("reg.test:5000/a/b@sha256:0", "reg.test:5000")]
    [InlineData("sha256:0", "docker.io")]
    public void The_registry_of_an_image_is_what_docker_takes_for_it(string image, string registry) => Registries.Of(image).ShouldBe(registry);

    private static async Task<IEnumerable<(string? Registry, string? User, string? Password)>> AnswerAsync(FakeAgent agent, JsonElement request)
    {
        request.GetProperty("command").GetString().ShouldBe(CommandNames.ImageCheck);
        await agent.AnswerAsync(request, "[]", Token);
        return request.GetProperty("payload").GetProperty("registry_credentials").EnumerateArray().Select(one => (
            one.GetProperty("registry_url").GetString(), one.GetProperty("username").GetString(), one.GetProperty("password").GetString()));
    }

    private async Task<HttpStatusCode> PutAsync(string registry, string user, params string[] tags) => (await Hub.AskAsync(
        HttpMethod.Put,
        "/api/registries/" + registry,
        $$"""{"username":"{{user}}","password":"{{Secret}}","tags":{{JsonSerializer.Serialize(tags)}}}""",
        Token)).Status;
}
