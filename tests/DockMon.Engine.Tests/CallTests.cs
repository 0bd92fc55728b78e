using System.Net;
using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;

namespace DockMon.Engine.Tests;

public sealed class CallTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"message":"No such container: abc"}""", "No such container: abc")]
    [InlineData("""{"cause":"x","message":"no such container","response":404}""", "no such container")]
    [InlineData("404 page not found\nand more", "404 page not found")]
    [InlineData("", "the Docker engine answered 404 Status")]
    [InlineData("""{"other":1}""", """{"other":1}""")]
    public async Task An_error_carries_the_engines_own_words(string body, string message)
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json(body, 404));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        var error = await Should.ThrowAsync<EngineException>(() => client.InspectContainerAsync("abc", Ct));

        error.Message.ShouldBe(message);
        error.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Not_modified_is_success()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Empty(304));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        await client.StartContainerAsync("abc", Ct);
        await client.StopContainerAsync("abc", 3, Ct);

        engine.Calls.Select(r => r.Line).ShouldBe(
            ["GET /_ping", "POST /v1.41/containers/abc/start", "POST /v1.41/containers/abc/stop?t=3"]);
    }

    [Fact]
    public async Task An_engine_that_does_not_answer_is_given_up_after_a_minute()
    {
        var arrived = new TaskCompletionSource();
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.NeverAfter(arrived));
        var time = new FakeTimeProvider();
        using var client = new EngineClient(engine.Endpoint, time);

        var call = client.ListContainersRawAsync(false, Ct);
        await arrived.Task.WaitAsync(Ct);
        time.Advance(TimeSpan.FromSeconds(59));
        call.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(1));

        var error = await Should.ThrowAsync<EngineTimeoutException>(() => call);
        error.Message.ShouldBe("timeout: the Docker engine did not answer within 60 s (GET /containers/json)");
    }

    [Theory]
    [InlineData(30, null, 150)]
    [InlineData(null, "300", 420)]
    [InlineData(null, "null", 130)]
    public async Task A_stop_is_waited_for_longer_than_the_container_is_given(int? timeout, string? own, int expected)
    {
        var arrived = new TaskCompletionSource();
        await using var engine = ScriptedEngine.Answering(line => line.StartsWith("GET", StringComparison.Ordinal)
            ? ScriptedAnswer.Json($$$"""{"Id":"abc","Config":{"StopTimeout":{{{own}}}}}""")
            : ScriptedAnswer.NeverAfter(arrived));
        var time = new FakeTimeProvider();
        using var client = new EngineClient(engine.Endpoint, time);

        var call = client.StopContainerAsync("abc", timeout, Ct);
        await arrived.Task.WaitAsync(Ct);
        time.Advance(TimeSpan.FromSeconds(expected - 1));
        call.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(1));

        (await Should.ThrowAsync<EngineTimeoutException>(() => call)).Message.ShouldContain($"within {expected} s");
    }

    [Theory]
    [InlineData("create")]
    [InlineData("start")]
    public async Task What_may_fill_a_volume_first_has_ten_minutes(string what)
    {
        var arrived = new TaskCompletionSource();
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.NeverAfter(arrived));
        var time = new FakeTimeProvider();
        using var client = new EngineClient(engine.Endpoint, time);

        Task call = what == "create" ? client.CreateContainerAsync("{}"u8.ToArray(), "web", Ct) : client.StartContainerAsync("abc", Ct);
        await arrived.Task.WaitAsync(Ct);
        time.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(1));
        call.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(1));

        (await Should.ThrowAsync<EngineTimeoutException>(() => call)).Message.ShouldStartWith("timeout: ");
    }

    [Fact]
    public async Task A_cancelled_call_is_cancelled_and_not_late()
    {
        var arrived = new TaskCompletionSource();
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.NeverAfter(arrived));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);
        using var cancel = new CancellationTokenSource();

        var call = client.ListVolumesRawAsync(cancel.Token);
        await arrived.Task.WaitAsync(Ct);
        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task An_answer_that_is_cut_short_is_a_broken_connection()
    {
        await using var engine = ScriptedEngine.Answering(_ => new ScriptedAnswer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1,2"));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        (await Should.ThrowAsync<EngineUnavailableException>(() => client.ListNetworksRawAsync(Ct))).Message.ShouldContain("broke");
    }

    [Fact]
    public async Task Ids_are_escaped_and_never_empty()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json("{}"));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        await client.RenameContainerAsync("a/../b", "x y", Ct);
        await client.InspectImageRawAsync("sha256:12", Ct);

        engine.Calls.Select(r => r.Line).Skip(1).ShouldBe(
            ["POST /v1.41/containers/a%2F..%2Fb/rename?name=x%20y", "GET /v1.41/images/sha256%3A12/json"]);
        await Should.ThrowAsync<ArgumentException>(() => client.RemoveContainerAsync("", true, true, Ct));
    }

    [Theory]
    [InlineData("web", "linux/arm64", "?name=web&platform=linux%2Farm64")]
    [InlineData(null, "linux/arm64", "?platform=linux%2Farm64")]
    [InlineData("web", null, "?name=web")]
    [InlineData(null, null, "")]
    public async Task A_container_has_the_name_and_the_platform_it_was_given(string? name, string? platform, string query)
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json("""{"Id":"abc"}"""));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        (await client.CreateContainerAsync("{}"u8.ToArray(), name, Ct, platform)).ShouldBe("abc");

        engine.Calls.Last().Line.ShouldBe("POST /v1.41/containers/create" + query);
    }

    [Fact]
    public async Task An_engine_that_would_not_heed_a_platform_is_not_asked_for_one()
    {
        await using var engine = new ScriptedEngine(_ => ScriptedAnswer.Ping("1.40"));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        (await Should.ThrowAsync<EngineException>(() => client.CreateContainerAsync(
            "{}"u8.ToArray(),
            null,
            Ct,
            "linux/arm64"))).Message.ShouldContain("needs API 1.41");

        engine.Calls.Select(r => r.Line).ShouldBe(["GET /_ping"]);
    }

    [Fact]
    public async Task An_inspection_bears_nulls()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json(
            """{"Id":"abc","Name":"/web","State":{"Status":"running","Health":{"Status":"healthy"}},"Config":{"Env":null,"Labels":null},"HostConfig":null}"""));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        var found = await client.InspectContainerAsync("abc", Ct);

        found.Name.ShouldBe("web");
        found.State.Health!.Status.ShouldBe("healthy");
        found.Config.Env.ShouldBeEmpty();
        found.Config.Labels.ShouldBeEmpty();
        found.HostConfig.RestartPolicy.Name.ShouldBe("");
        found.Mounts.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("<html>down for maintenance</html>")]
    [InlineData("{}")]
    [InlineData("[null]")]
    [InlineData("""[{"Names":["/web"]}]""")]
    [InlineData("""[{"Id":1}]""")]
    public async Task What_is_no_list_of_containers_is_the_engines_error(string body)
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json(body));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        (await Should.ThrowAsync<EngineException>(() => client.ListContainersAsync(all: false, Ct))).Message.ShouldContain("cannot be read");
    }

    [Fact]
    public async Task A_list_with_seventeen_megabytes_of_labels_is_read_and_only_what_must_be_whole_is_refused()
    {
        var label = new string('x', 17 * 1024 * 1024);
        await using var engine = new ScriptedEngine(line => line switch
        {
            "GET /_ping" => ScriptedAnswer.Ping("1.45"),
            "GET /v1.45/containers/json?all=1" => ScriptedAnswer.Json(
                $$$"""[{"Id":"a","Names":["/large"],"Labels":{"l":"{{{label}}}"},"State":"running"},{"Id":"b","Names":["/b"]}]"""),
            "GET /v1.45/containers/a/json" => ScriptedAnswer.Json($$$$"""{"Id":"a","Config":{"Labels":{"l":"{{{{label}}}}"}}}"""),
            _ => ScriptedAnswer.Json("[" + new string(' ', 65 * 1024 * 1024) + "]"),
        });
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);
        var told = new List<EngineExcess>();
        client.Exceeded = told.Add;

        (await client.ListContainersAsync(all: true, Ct)).Select(container => container.Names[0]).ShouldBe(["/large", "/b"]);
        (await client.ListContainersRawAsync(all: true, Ct)).Length.ShouldBeLessThan(64 * 1024);
        told.Count.ShouldBe(2);
        told[0].Request.ShouldBe("GET /containers/json");
        (await client.InspectContainerRawAsync("a", Ct)).Length.ShouldBeGreaterThan(label.Length);
        (await client.InspectContainerRawAsync("a", Ct, mayCut: true)).Length.ShouldBeLessThan(300 * 1024);
        (await client.InspectContainerAsync("a", Ct)).Config.Labels["l"].ShouldEndWith("x… (cut, 17825792 bytes)");
        (await Should.ThrowAsync<EngineException>(() => client.InspectContainerRawAsync("larger", Ct))).Message
            .ShouldBe("the Docker engine's answer to GET /containers/larger/json is longer than 67108864 bytes");
    }
}
