using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;

namespace DockMon.Engine.Tests;

public sealed class ContainersTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

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

        Task call = what == "create" ? client.CreateContainerAsync([], "web", Ct) : client.StartContainerAsync("abc", Ct);
        await arrived.Task.WaitAsync(Ct);
        time.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(1));
        call.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(1));

        (await Should.ThrowAsync<EngineTimeoutException>(() => call)).Message.ShouldStartWith("timeout: ");
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

        (await client.CreateContainerAsync([], name, Ct, platform)).ShouldBe("abc");

        engine.Calls.Last().Line.ShouldBe("POST /v1.41/containers/create" + query);
    }

    [Fact]
    public async Task An_engine_that_would_not_heed_a_platform_is_not_asked_for_one()
    {
        await using var engine = new ScriptedEngine(_ => ScriptedAnswer.Ping("1.40"));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        (await Should.ThrowAsync<EngineException>(() => client.CreateContainerAsync([], null, Ct, "linux/arm64"))).Message.ShouldContain("needs API 1.41");

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

    [Fact]
    public async Task Containers_are_listed_with_what_they_use()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json(
            """
            [{"Id":"abc","Names":["/web","/db/alias"],"Image":"app:1","ImageID":"sha256:i","State":"running","Status":"Up","HostConfig":{"NetworkMode":"app"},
              "Ports":[{"PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"PrivatePort":53,"Type":"udp"}],
              "NetworkSettings":{"Networks":{"app":{"NetworkID":"n1"},"odd":null}},"Mounts":[{"Type":"volume","Name":"v"}]},
             {"Id":"def","Names":null,"Ports":null,"HostConfig":null,"NetworkSettings":{"Networks":null},"Mounts":null}]
            """));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        var list = await client.ListContainersAsync(all: true, Ct);

        list[0].ShouldSatisfyAllConditions(
            container =>
                (container.Name, container.Image, container.ImageId, container.State, container.Status).ShouldBe(("web", "app:1", "sha256:i", "running", "Up")),
            container => container.HostConfig.NetworkMode.ShouldBe("app"),
            container => container.Ports.Select(port => (port.PublicPort, port.Type)).ShouldBe([(8080, "tcp"), (null, "udp")]),
            container => container.NetworkSettings.Networks.Select(network => (network.Key, network.Value?.NetworkId)).ShouldBe([("app", "n1"), ("odd", null)]),
            container => container.Mounts.ShouldHaveSingleItem().Name.ShouldBe("v"));
        list[1].ShouldSatisfyAllConditions(
            container => (container.Name, container.HostConfig.NetworkMode).ShouldBe(("", "")),
            container => (container.Ports.Count, container.NetworkSettings.Networks.Count, container.Mounts.Count).ShouldBe((0, 0, 0)));
        engine.Calls.Last().Line.ShouldBe("GET /v1.41/containers/json?all=1");
    }

    [Fact]
    public async Task Containers_are_listed_by_a_label()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json("[]"));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        await client.ListContainersAsync(all: false, Ct, "key=a&b");

        engine.Calls.Last().Line.ShouldBe("GET /v1.41/containers/json?all=0&filters=" + Uri.EscapeDataString("""{"label":["key=a\u0026b"]}"""));
    }

    [Fact]
    public async Task A_list_that_is_passed_on_stays_byte_for_byte()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json(
            """[ {"Id":"one","Labels":{"Id":"not the id"},"ImageID":"sha256:i","Size" : 1.50}, {"Id":"two"} ]"""));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        (await client.ListContainersJsonAsync(all: false, Ct))
            .Select(container => (container.Id, container.ImageId, System.Text.Encoding.UTF8.GetString(container.Json.Span)))
            .ShouldBe([
            ("one", "sha256:i", """{"Id":"one","Labels":{"Id":"not the id"},"ImageID":"sha256:i","Size" : 1.50}"""),
            ("two", "", """{"Id":"two"}""")]);
        engine.Calls.Last().Line.ShouldBe("GET /v1.41/containers/json?all=0");
    }

    [Fact]
    public async Task A_container_is_created_from_the_engines_own_json()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json("""{"Id":"abc"}""", 201));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        await client.CreateContainerAsync(new() { ["Image"] = "app:1", ["Env"] = null }, "a b", Ct);

        engine.Calls.Last().ShouldSatisfyAllConditions(
            request => request.Line.ShouldBe("POST /v1.41/containers/create?name=a%20b"),
            request => request.Body.ShouldBe("""{"Image":"app:1","Env":null}"""));
    }

    [Fact]
    public Task An_error_answer_is_an_error() => Refused.ShouldThrowAsync(
        client => client.ListContainersAsync(all: true, Ct),
        client => client.ListContainersJsonAsync(all: true, Ct),
        client => client.InspectContainerRawAsync("abc", Ct),
        client => client.InspectContainerJsonAsync("abc", Ct),
        client => client.CreateContainerAsync([], "web", Ct));

    [Theory]
    [InlineData("""{"Id":"a","Name":"\ud800"}""")]
    [InlineData("""{"Id":"a","HostConfig":{"Binds":["\ud800"]}}""")]
    [InlineData("""{"Id":"a","Config":{"\ud800":1}}""")]
    [InlineData("""{"Id":"a","Config":{"Env":[],"Env":["A=1"]}}""")]
    public async Task A_container_that_is_kept_as_JSON_is_readable_to_its_last_text(string body)
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json(body));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        (await Should.ThrowAsync<EngineException>(() => client.InspectContainerJsonAsync("a", Ct))).Message.ShouldContain("cannot be read");
    }

    [Fact]
    public async Task What_an_engine_says_is_null_is_not_there()
    {
        const string Body = """
            {"Id":null,"Name":null,"Image":null,"State":null,"Config":{"Image":null,"Env":[null,"A=1"],"Labels":{"a":null,"b":"c"}},"Mounts":[null]}
            """;
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json(Body));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        var container = await client.InspectContainerAsync("a", Ct);

        container.ShouldSatisfyAllConditions(
            () => container.Id.ShouldBe(""),
            () => container.State.Status.ShouldBe(""),
            () => container.Config.Env.ShouldBe(["A=1"]),
            () => container.Config.Labels.ShouldBe(new Dictionary<string, string> { ["b"] = "c" }),
            () => container.Mounts.ShouldBeEmpty());
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

    [Theory]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("""[{"Id":1,"ImageID":"i"}]""")]
    [InlineData("""[{"ImageID":"i"}]""")]
    [InlineData("""[{"Id":"\ud800"}]""")]
    [InlineData("""[{"Id":"one","ImageID":"a\ud800b"}]""")]
    [InlineData("""[{"Id":"one","ImageID":"i"}""")]
    [InlineData("")]
    public async Task What_is_no_list_of_containers_is_not_passed_on(string list)
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json(list));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        (await Should.ThrowAsync<EngineException>(() => client.ListContainersJsonAsync(all: false, Ct))).Message.ShouldContain("cannot be read");
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
        (await client.ListContainersJsonAsync(all: true, Ct)).Sum(container => container.Json.Length).ShouldBeLessThan(64 * 1024);
        told.Count.ShouldBe(2);
        told[0].Request.ShouldBe("GET /containers/json");
        (await client.InspectContainerJsonAsync("a", Ct)).ToJsonString().Length.ShouldBeGreaterThan(label.Length);
        (await client.InspectContainerRawAsync("a", Ct)).Length.ShouldBeLessThan(300 * 1024);
        (await client.InspectContainerAsync("a", Ct)).Config.Labels["l"].ShouldEndWith("x… (cut, 17825792 bytes)");
        (await Should.ThrowAsync<EngineException>(() => client.InspectContainerJsonAsync("larger", Ct))).Message
            .ShouldBe("the Docker engine's answer to GET /containers/larger/json is longer than 67108864 bytes");
    }
}
