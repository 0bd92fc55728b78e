using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Delivery;
using DockMon.Agent.Policies.Hiding;
using DockMon.Agent.Tests.Policies;
using DockMon.Engine;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Commands.Containers;

public sealed class ProvisioningOperationsTests : IAsyncLifetime
{
    private const string Running = "/containers/json?all=0";

    private readonly TemporaryFolder _data = new();
    private readonly FakeTimeProvider _time = new();
    private readonly LogCapture _log = new();
    private readonly ScriptedEngine _engine = new((Running, 200, "[]"));
    private Outbound _outbound = null!;
    private Dictionary<string, Route> _routes = [];

    public ValueTask InitializeAsync()
    {
        _outbound = new Outbound(new Outbox(_data.Path), _time, _log.CreateLogger<Outbound>());
        _routes = Operations(_engine);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _data.Dispose();
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"ports":null}""")]
    [InlineData("""{"ports":{}}""")]
    [InlineData("""{"ports":{"80":null}}""")]
    [InlineData("""{"ports":{"80":8081,"443/tcp":"8443"}}""")]
    [InlineData("""{"ports":{"53/udp":8080}}""")]
    public async Task Ports_that_nobody_has_are_valid(string payload)
    {
        _engine.Set(
            Running,
            """[{"Id":"c1","Names":["/web"],"Ports":[{"PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"PrivatePort":9000,"Type":"tcp"}]},"""
            + """{"Id":"c3","Ports":null}]""");
        (await _routes.RunAsync(OperationActions.ValidatePorts, payload)).EnumerateObject().ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_port_that_somebody_has_is_named_with_the_container()
    {
        _engine.Set(Running, """
            [
              {"Id":"c1","Names":["/web"],"Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},
                {"IP":"::","PrivatePort":80,"PublicPort":8080,"Type":"tcp"}]},
              {"Id":"c2","Names":["/dns"],"Ports":[{"PrivatePort":53,"PublicPort":53,"Type":"udp"}]}
            ]
            """);
        var error = await Should.ThrowAsync<CommandException>(
            () => _routes.RunAsync(OperationActions.ValidatePorts, """{"ports":{"80":8080,"53/udp":"53","53":53,"81":81}}"""));
        error.Message.ShouldBe("failed to validate ports: conflict: 8080/tcp is used by container web, 53/udp is used by container dns");
    }

    [Theory]
    [InlineData("""{"ports":{"80":0}}""", "the host port of 80 must be from 1 to 65535, not 0")]
    [InlineData("""{"ports":{"80":65536}}""", "not 65536")]
    [InlineData("""{"ports":{"80":-1}}""", "not -1")]
    [InlineData("""{"ports":{"80":"web"}}""", "not web")]
    [InlineData("""{"ports":{"80":8080.5}}""", "not 8080.5")]
    [InlineData("""{"ports":{"80":[8080]}}""", "must be from 1 to 65535")]
    [InlineData("""{"ports":[8080]}""", "ports must be a map")]
    [InlineData("""{"ports":"8080"}""", "ports must be a map")]
    public async Task Ports_that_are_none_are_told_and_no_engine_is_asked(string payload, string words)
    {
        (await Should.ThrowAsync<CommandException>(() => _routes.RunAsync(OperationActions.ValidatePorts, payload))).Message.ShouldContain(words);
        _engine.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_pull_tells_the_deployment_how_it_gets_on_and_answers_with_the_image()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Stream(chunks: [
            "{\"status\":\"Pulling from library/app\"}\n", "{\"status\":\"Downloading\",\"id\":\"abc\"}\n", "{\"status\":\"Status: Downloaded\"}\n",
        ]));
        (await Operations(engine).RunAsync(OperationActions.PullImage, """{"image":"app:2","deployment_id":"d1"}"""))
            .GetProperty("image")
            .GetString()
            .ShouldBe("app:2");
        engine.Calls.Last().Path.ShouldBe("/images/create?fromImage=app&tag=2");
        var told = JsonElement.Parse(_outbound.TryTake()!.Bytes).GetProperty("payload");
        told.GetProperty("deployment_id").GetString().ShouldBe("d1");
        told.GetProperty("message").GetString().ShouldBe("app:2: Pulling from library/app");
        _outbound.TryTake().ShouldBeNull("no time has passed, and one line in half a second is enough");
    }

    [Fact]
    public async Task A_pull_that_belongs_to_no_deployment_is_silent()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Stream(chunks: ["{\"status\":\"Pulling\"}\n"]));
        await Operations(engine).RunAsync(OperationActions.PullImage, """{"image":"app:2"}""");
        _outbound.TryTake().ShouldBeNull();
    }

    [Fact]
    public async Task A_pull_that_fails_in_the_middle_is_an_error_in_the_engines_words()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Stream(chunks: [
            "{\"status\":\"Pulling\"}\n", "{\"errorDetail\":{\"message\":\"manifest unknown\"},\"error\":\"manifest unknown\"}\n",
        ]));
        (await Should.ThrowAsync<EngineException>(() => Operations(engine).RunAsync(OperationActions.PullImage, """{"image":"app:2"}"""))).Message
            .ShouldContain("manifest unknown");
    }

    [Theory]
    [InlineData(OperationActions.PullImage, "{}", "image is missing")]
    [InlineData(OperationActions.PullImage, """{"image":" "}""", "image is missing")]
    [InlineData(OperationActions.VerifyRunning, "{}", "container_id is missing")]
    [InlineData(OperationActions.VerifyRunning, """{"container_id":""}""", "container_id is missing")]
    [InlineData(OperationActions.VerifyRunning, """{"container_id":"c1","max_wait_seconds":"long"}""", "invalid payload")]
    public async Task A_request_without_what_it_needs_reaches_no_engine(string action, string payload, string words)
    {
        (await Should.ThrowAsync<CommandException>(() => _routes.RunAsync(action, payload))).Message.ShouldContain(words);
        _engine.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"Status":"running","Running":true,"Health":{"Status":"healthy"}}""", true)]
    [InlineData("""{"Status":"exited","Running":false,"ExitCode":3}""", false)]
    public async Task A_container_is_healthy_or_not_and_why_is_not_asked_for(string state, bool healthy)
    {
        _engine.Set("/containers/c1/json", $$"""{"Id":"c1","State":{{state}}}""");
        (await _routes.RunAsync(OperationActions.VerifyRunning, """{"container_id":"c1"}""")).GetProperty("is_healthy").GetBoolean().ShouldBe(healthy);
    }

    [Fact]
    public async Task A_container_that_stays_unhealthy_is_given_up_when_its_time_is_over()
    {
        _engine.Set("/containers/c1/json", """{"Id":"c1","State":{"Status":"running","Running":true,"Health":{"Status":"starting"}}}""");
        var waiting = _routes.RunAsync(OperationActions.VerifyRunning, """{"container_id":"c1","max_wait_seconds":5}""");
        await Retry.UntilAsync(
            "it is given up",
            () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(500));
                return waiting.IsCompleted;
            },
            ct: TestContext.Current.CancellationToken);
        (await waiting).GetProperty("is_healthy").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task A_container_that_is_not_there_is_an_error_and_not_an_unhealthy_one() =>
        (await Should.ThrowAsync<EngineException>(() => _routes.RunAsync(
            OperationActions.VerifyRunning,
            """{"container_id":"c1"}"""))).IsMissing.ShouldBeTrue();

    private Dictionary<string, Route> Operations(ScriptedEngine engine)
    {
        var routes = new Routes();
        var creator = new ContainerCreator(engine.Client, Gates.OpenForCreates, _data.Path, _time, _log.CreateLogger<ContainerCreator>());
        new ProvisioningOperations(engine.Client, Gates.OpenForCreates, creator, HiddenContainers.None, _outbound, _time).AddTo(routes);
        return routes.Operations;
    }
}
