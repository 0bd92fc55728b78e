using System.Text;
using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;

namespace DockMon.Engine.Tests;

public sealed class ImagesTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Images_are_listed()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json(
            """[{"Id":"sha256:a","RepoTags":["a:1","a:2"],"Size":5000000000,"Created":1700000000},{"Id":"sha256:b","RepoTags":null}]"""));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        var images = await client.ListImagesAsync(Ct);

        images[0].ShouldSatisfyAllConditions(
            image => (image.Id, image.Size, image.Created).ShouldBe(("sha256:a", 5_000_000_000, 1_700_000_000)),
            image => image.RepoTags.ShouldBe(["a:1", "a:2"]));
        images[1].RepoTags.ShouldBeEmpty();
        engine.Calls.Last().Line.ShouldBe("GET /v1.41/images/json");
    }

    [Fact]
    public async Task An_image_is_inspected_in_parts_or_whole()
    {
        await using var engine =
            ScriptedEngine.Answering(_ => ScriptedAnswer.Json("""{"Id":"sha256:a","RepoDigests":["r@sha256:d"],"Config":{"Labels":null}}"""));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        var image = await client.InspectImageAsync("host:5000/a b", Ct);
        var whole = await client.InspectImageJsonAsync("sha256:a", Ct);

        (image.Id, image.RepoDigests.ShouldHaveSingleItem()).ShouldBe(("sha256:a", "r@sha256:d"));
        whole.ToJsonString().ShouldBe("""{"Id":"sha256:a","RepoDigests":["r@sha256:d"],"Config":{"Labels":null}}""");
        engine.Calls.Skip(1).Select(request => request.Line).ShouldBe(["GET /v1.41/images/host%3A5000%2Fa%20b/json", "GET /v1.41/images/sha256%3Aa/json"]);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("<html>")]
    public async Task What_is_no_image_is_the_engines_error(string body)
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json(body));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        (await Should.ThrowAsync<EngineException>(() => client.InspectImageAsync("a", Ct))).Message.ShouldContain("GET /images/a/json");
        (await Should.ThrowAsync<EngineException>(() => client.InspectImageJsonAsync("a", Ct))).Message.ShouldContain("GET /images/a/json");
    }

    [Fact]
    public async Task An_image_is_removed()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json("[]"));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        await client.RemoveImageAsync("host/a:1", force: true, Ct);

        engine.Calls.Last().Line.ShouldBe("DELETE /v1.41/images/host%2Fa%3A1?force=1");
    }

    [Fact]
    public async Task Images_are_pruned_with_a_tag_or_without()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json("""{"ImagesDeleted":null,"SpaceReclaimed":7}"""));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        (await client.PruneImagesAsync(Ct)).ShouldBe(7);

        Uri.UnescapeDataString(engine.Calls.Last().Line).ShouldBe("""POST /v1.41/images/prune?filters={"dangling":["false"]}""");
    }

    [Fact]
    public Task An_error_answer_is_an_error() => Refused.ShouldThrowAsync(
        client => client.ListImagesAsync(Ct),
        client => client.InspectImageAsync("a", Ct),
        client => client.InspectImageJsonAsync("a", Ct),
        client => client.RemoveImageAsync("a", force: false, Ct),
        client => client.PruneImagesAsync(Ct));

    [Fact]
    public async Task A_pull_tells_its_progress()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Stream(chunks: [
            """{"status":"Pulling from app","id":"v1"}""" + "\r\n" + """{"status":"Down""",
            """loading","progressDetail":{"current":5,"total":9},"id":"abc"}""" + "\r\n",
            """{"status":"Status: Downloaded newer image","progressDetail":{}}"""]));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        var lines = await client.PullImageAsync("host:5000/app:v1", "me", "p?>", Ct).ToListAsync(Ct);

        lines[1].ShouldBe(new PullProgress { Id = "abc", Status = "Downloading", Current = 5, Total = 9 });
        lines.Count.ShouldBe(3);
        var request = engine.Calls.Last();
        request.Line.ShouldBe("POST /v1.41/images/create?fromImage=host%3A5000%2Fapp&tag=v1");
        var auth = request.Headers.Split("\r\n").Single(h => h.StartsWith("X-Registry-Auth: ", StringComparison.Ordinal))[17..];
        Encoding.UTF8.GetString(Convert.FromBase64String(auth.Replace('-', '+').Replace('_', '/')))
            .ShouldBe("""{"username":"me","password":"p?\u003E","serveraddress":"host:5000"}""");
    }

    [Fact]
    public async Task An_error_inside_a_pull_is_an_error()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Stream(chunks: [
            """{"status":"Pulling"}{"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"}"""]));
        (await PullFailsAsync<EngineException>(engine)).Message.ShouldBe("manifest unknown");
    }

    [Fact]
    public async Task A_pull_that_is_cut_short_is_an_error()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Stream(cutShort: true, chunks: ["""{"status":"Pulling"}"""]));
        (await PullFailsAsync<EngineUnavailableException>(engine)).Message.ShouldContain("cut off");
    }

    [Fact]
    public async Task A_pull_without_a_word_is_an_error()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Stream());
        (await PullFailsAsync<EngineException>(engine)).Message.ShouldContain("without a word");
    }

    [Fact]
    public async Task A_silent_pull_is_given_up_after_five_minutes()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Stream(hang: true, chunks: ["""{"status":"Pulling"}"""]));
        var time = new FakeTimeProvider();
        using var client = new EngineClient(engine.Endpoint, time);
        await using var lines = client.PullImageAsync("app", null, null, Ct).GetAsyncEnumerator(Ct);

        (await lines.MoveNextAsync()).ShouldBeTrue();
        var next = lines.MoveNextAsync().AsTask();
        time.Advance(TimeSpan.FromMinutes(4.9));
        next.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromMinutes(0.1));

        (await Should.ThrowAsync<EngineTimeoutException>(() => next)).Message.ShouldBe("timeout: the Docker engine was silent for 300 s while it pulled app");
    }

    private static async Task<T> PullFailsAsync<T>(ScriptedEngine engine)
        where T : Exception
    {
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);
        return await Should.ThrowAsync<T>(async () => await client.PullImageAsync("app", null, null, Ct).ToListAsync(Ct));
    }
}
