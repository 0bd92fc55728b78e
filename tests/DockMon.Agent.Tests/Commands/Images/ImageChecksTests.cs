using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Images;
using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Commands.Images;

public sealed class ImageChecksTests : IAsyncLifetime
{
    private const string Distribution = "/distribution/nginx%3A1/json";

    private readonly FakeTimeProvider _time = new();
    private readonly Routes _routes = new();
    private readonly ScriptedEngine _engine = new(
        ("/images/nginx%3A1/json", 200, Image("""["nginx:1"]""", """["nginx@sha256:old"]""")),
        ("/images/docker.io%2Flibrary%2Fnginx%3A1/json", 200, Image("""["nginx:1"]""", """["nginx@sha256:old"]""")),
        ("/images/built%3A1/json", 200, Image("""["built:1"]""", "[]")),
        ("/images/0123abc/json", 200, Image("""["nginx:1"]""", """["nginx@sha256:old"]""")),
        ("/images/reg.test%3A5000%2Fapp%40sha256%3Aold/json", 200, Image("[]", """["reg.test:5000/app@sha256:old"]""")),
        ("/images/index.docker.io%2Fnginx%3A1/json", 200, Image("""["nginx:1"]""", """["nginx@sha256:old"]""")),
        ("/distribution/index.docker.io%2Fnginx%3A1/json", 200, Remote("sha256:new")),
        (Distribution, 200, Remote("sha256:new")),
        ("/distribution/docker.io%2Flibrary%2Fnginx%3A1/json", 200, Remote("sha256:old")));

    public ValueTask InitializeAsync()
    {
        new ImageChecks(_engine.Client, _time).AddTo(_routes);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    [Fact]
    public async Task The_digests_of_host_and_registry_are_told_with_what_the_image_is()
    {
        var result = await OneAsync("nginx:1");
        result.GetRawText().ShouldBe(
            """{"image":"nginx:1","local_digest":"sha256:old","remote_digest":"sha256:new","platform":"linux/amd64","created":"2026-01-01T00:00:00Z"}""");
        (await OneAsync("docker.io/library/nginx:1")).GetProperty("remote_digest").GetString().ShouldBe("sha256:old");
    }

    [Theory]
    [InlineData("nginx:1")]
    [InlineData("docker.io/library/nginx:1")]
    [InlineData("index.docker.io/nginx:1")]
    public async Task Credentials_of_Docker_Hub_are_used_by_whatever_name_an_image_of_it_goes(string image)
    {
        const string Credentials = """[null,{"registry_url":"https://INDEX.docker.io/v1/","username":"u","password":"p"}]""";
        var payload = $$"""{"images":["{{image}}"],"registry_credentials":{{Credentials}}}""";
        (await _routes.Commands.RunAsync("image_check", payload))[0].TryGetProperty("error", out var error).ShouldBeFalse($"{error}");
        _engine.Calls.Single(call => call.Path.StartsWith("/distribution/", StringComparison.Ordinal)).Headers.ShouldContain("X-Registry-Auth");
    }

    [Theory]
    [InlineData("gone:1", "no image of this host has this name")]
    [InlineData("0123abc", "no image of this host has this name")]
    [InlineData("built:1", "the image came from no registry: it was built or loaded on this host")]
    [InlineData("a b:", "this is no image reference")]
    public async Task What_cannot_be_checked_says_why_and_asks_no_registry(string image, string error)
    {
        var result = await OneAsync(image);
        result.GetProperty("error").GetString().ShouldBe(error);
        result.TryGetProperty("remote_digest", out _).ShouldBeFalse();
        _engine.Requests.ShouldNotContain(path => path.StartsWith("/distribution", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_image_that_is_named_by_its_digest_has_no_other_one()
    {
        (await OneAsync("reg.test:5000/app@sha256:old")).GetProperty("remote_digest").GetString().ShouldBe("sha256:old");
        _engine.Requests.ShouldNotContain(path => path.StartsWith("/distribution", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_registry_is_asked_again_after_a_quarter_of_an_hour_and_after_a_failure_in_a_minute()
    {
        await OneAsync("nginx:1");
        _time.Advance(ImageChecks.Kept - TimeSpan.FromSeconds(1));
        await OneAsync("nginx:1");
        Asked().ShouldBe(1);
        _engine.Set(Distribution, """{"message":"toomanyrequests"}""", 500);
        _time.Advance(TimeSpan.FromSeconds(1));
        (await OneAsync("nginx:1")).GetProperty("error").GetString().ShouldBe("toomanyrequests");
        await OneAsync("nginx:1");
        Asked().ShouldBe(2);
        _time.Advance(ImageChecks.FailureKept);
        await OneAsync("nginx:1");
        Asked().ShouldBe(3);
    }

    [Fact]
    public async Task One_that_fails_costs_no_other_and_the_order_is_kept()
    {
        var results = await _routes.Commands.RunAsync("image_check", """{"images":["gone:1","nginx:1",null,"gone:1"," "]}""");
        results.EnumerateArray().Select(result => result.GetProperty("image").GetString()).ShouldBe(["gone:1", "nginx:1"]);
        results[1].TryGetProperty("error", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task A_registry_that_has_it_only_for_other_platforms_has_no_update()
    {
        _engine.Set(Distribution, """{"Descriptor":{"digest":"sha256:new"},"Platforms":[{"os":"linux","architecture":"arm64"},null]}""");
        (await OneAsync("nginx:1")).GetProperty("error").GetString().ShouldBe("the registry has this name only for linux/arm64");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"images":[]}""")]
    public async Task No_images_are_an_error(string payload) =>
        (await Should.ThrowAsync<CommandException>(() => _routes.Commands.RunAsync("image_check", payload))).Message.ShouldContain("1 to 100 images");

    private static string Image(string tags, string digests) =>
        $$"""{"Id":"sha256:1","RepoTags":{{tags}},"RepoDigests":{{digests}},"Os":"linux","Architecture":"amd64","Created":"2026-01-01T00:00:00Z"}""";

    private static string Remote(string digest) =>
        $$"""{"Descriptor":{"mediaType":"m","digest":"{{digest}}","size":1},"Platforms":[{"architecture":"amd64","os":"linux"}]}""";

    private int Asked() => _engine.Requests.Count(path => path == Distribution);

    private async Task<JsonElement> OneAsync(string image) =>
        (await _routes.Commands.RunAsync("image_check", $$"""{"images":["{{image}}"]}"""))[0];
}
