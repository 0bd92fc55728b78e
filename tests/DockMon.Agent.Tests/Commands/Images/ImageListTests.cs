using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Images;
using DockMon.Agent.Policies.Hiding;
using DockMon.Engine;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Commands.Images;

public sealed class ImageListTests : IAsyncLifetime
{
    private const string Containers = "/containers/json?all=1";

    private readonly ScriptedEngine _engine = new((Containers, 200, "[]"));
    private readonly Routes _routes = new();

    public ValueTask InitializeAsync()
    {
        new ImageCommands(_engine.Client, HiddenContainers.None).AddTo(_routes);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    [Fact]
    public async Task Images_are_listed_newest_first_with_their_tags_and_users()
    {
        _engine.Set("/images/json", """
            [
              {"Id":"sha256:0123456789abcdef","RepoTags":["app:1","app:latest"],"Size":7,"Created":1795422299},
              {"Id":"sha256:fedcba9876543210","RepoTags":["<none>:<none>"],"Size":5000000000,"Created":1795422300},
              {"Id":"sha256:aaaaaaaaaaaaaaaa","RepoTags":null,"Size":1,"Created":0}
            ]
            """);
        _engine.Set(Containers, """[{"Id":"cccccccccccc9","Names":["/web"],"ImageID":"sha256:0123456789abcdef"}]""");
        var images = (await _routes.Commands.RunAsync(CommandNames.ListImages)).EnumerateArray().ToList();
        images.Select(image => image.GetProperty("id").GetString()).ShouldBe(["fedcba987654", "0123456789ab", "aaaaaaaaaaaa"]);
        images.Select(image => image.GetProperty("dangling").GetBoolean()).ShouldBe([true, false, true]);
        images.Select(image => image.GetProperty("in_use").GetBoolean()).ShouldBe([false, true, false]);
        images[0].GetProperty("size").GetInt64().ShouldBe(5_000_000_000);
        images[1].GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()).ShouldBe(["app:1", "app:latest"]);
        images[1].GetProperty("containers")[0].GetProperty("name").GetString().ShouldBe("web");
        images[2].GetProperty("created").GetString().ShouldBe("1970-01-01T00:00:00Z");
    }

    [Theory]
    [InlineData("""{"image_id":"app:1"}""", "/images/app%3A1?force=0")]
    [InlineData("""{"image_id":"app:1","force":true}""", "/images/app%3A1?force=1")]
    public async Task An_image_is_removed_by_its_reference(string payload, string path)
    {
        _engine.Otherwise = _ => "[]";
        (await _routes.Commands.RunAsync(CommandNames.RemoveImage, payload)).GetProperty("success").GetBoolean().ShouldBeTrue();
        var call = _engine.Calls.Last();
        call.Line.ShouldStartWith("DELETE ");
        Uri.UnescapeDataString(call.Path).ShouldStartWith(Uri.UnescapeDataString(path));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"image_id":""}""")]
    [InlineData("""{"image_id":null,"force":true}""")]
    public async Task A_removal_that_names_no_image_reaches_no_engine(string payload)
    {
        (await Should.ThrowAsync<CommandException>(() => _routes.Commands.RunAsync(CommandNames.RemoveImage, payload))).Message.ShouldBe("image_id is missing");
        _engine.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_image_in_use_is_not_removed_and_the_engine_says_why()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json("""{"message":"conflict: image is being used"}""", 409));
        var routes = new Routes();
        new ImageCommands(engine.Client, HiddenContainers.None).AddTo(routes);
        (await Should.ThrowAsync<EngineException>(() => routes.Commands.RunAsync(CommandNames.RemoveImage, """{"image_id":"app"}"""))).Message
            .ShouldBe("conflict: image is being used");
    }

    [Fact]
    public async Task A_prune_that_the_engine_refuses_is_an_error_and_counts_nothing()
    {
        _engine.Set("/images/json", "[]");
        _engine.Set(
            "/images/prune?filters=" + Uri.EscapeDataString("""{"dangling":["false"]}"""),
            """{"message":"a prune operation is already running"}""",
            409);
        (await Should.ThrowAsync<EngineException>(() => _routes.Commands.RunAsync(CommandNames.PruneImages))).Message.ShouldContain("already running");
        _engine.Requests.Count.ShouldBe(2);
    }
}
