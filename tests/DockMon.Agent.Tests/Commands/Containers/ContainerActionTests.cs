using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Hosting;
using DockMon.Agent.Tests.Hosting;
using DockMon.Agent.Tests.Policies;
using DockMon.Engine;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Commands.Containers;

public sealed class ContainerActionTests : IAsyncLifetime
{
    private static readonly SelfContainer Self = new(new string('a', 64), "agent", "image", "bridge");

    private readonly ScriptedEngine _engine = ScriptedEngine.Answering(line => ScriptedAnswer.Empty(204));
    private readonly Routes _routes = new();

    public ValueTask InitializeAsync()
    {
        new ContainerOperations(_engine.Client, TestOwnContainers.None, Gates.NoPolicy).AddTo(_routes);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    [Theory]
    [InlineData(OperationActions.Start, "", "POST", "/containers/c1/start", "started")]
    [InlineData(OperationActions.Stop, "", "POST", "/containers/c1/stop?t=10", "stopped")]
    [InlineData(OperationActions.Stop, ",\"timeout\":0", "POST", "/containers/c1/stop?t=0", "stopped")]
    [InlineData(OperationActions.Stop, ",\"timeout\":-5", "POST", "/containers/c1/stop?t=0", "stopped")]
    [InlineData(OperationActions.Stop, ",\"timeout\":999999", "POST", "/containers/c1/stop?t=3600", "stopped")]
    [InlineData(OperationActions.Restart, ",\"timeout\":7", "POST", "/containers/c1/restart?t=7", "restarted")]
    [InlineData(OperationActions.Kill, "", "POST", "/containers/c1/kill", "killed")]
    [InlineData(OperationActions.Pause, "", "POST", "/containers/c1/pause", "paused")]
    [InlineData(OperationActions.Unpause, "", "POST", "/containers/c1/unpause", "unpaused")]
    [InlineData(OperationActions.Rename, ",\"new_name\":\"web two\"", "POST", "/containers/c1/rename?name=web%20two", "renamed")]
    public async Task An_action_is_one_request_and_its_answer_says_what_was_done(string action, string fields, string verb, string path, string status)
    {
        var answer = await _routes.Operations.RunAsync(action, $$"""{"container_id":"c1"{{fields}}}""");
        var call = _engine.Calls.Last();
        call.Line.ShouldStartWith(verb);
        call.Path.ShouldBe(path);
        answer.GetProperty("status").GetString().ShouldBe(status);
        answer.GetProperty("container_id").GetString().ShouldBe("c1");
    }

    [Theory]
    [InlineData("", "/containers/c1?force=0")]
    [InlineData(",\"force\":true", "/containers/c1?force=1")]
    public async Task A_removal_keeps_the_volumes(string fields, string path)
    {
        (await _routes.Operations.RunAsync(OperationActions.Remove, $$"""{"container_id":"c1"{{fields}}}"""))
            .GetProperty("removed")
            .GetBoolean()
            .ShouldBeTrue();
        var call = _engine.Calls.Last();
        call.Line.ShouldStartWith("DELETE");
        call.Path.ShouldStartWith(path);
        call.Path.ShouldNotContain("v=1");
        call.Path.ShouldNotContain("v=true");
    }

    [Theory]
    [InlineData("{}", "container_id is missing")]
    [InlineData("""{"container_id":""}""", "container_id is missing")]
    [InlineData("""{"container_id":" / "}""", "container_id is missing")]
    [InlineData("""{"container_id":"."}""", "names no container")]
    [InlineData("""{"container_id":"/.."}""", "names no container")]
    [InlineData("""{"container_id":7}""", "invalid payload")]
    [InlineData("""{"container_id":"c1","timeout":"soon"}""", "invalid payload")]
    [InlineData("""{"container_id":"\ud800"}""", "invalid payload")]
    public async Task A_request_that_names_no_container_reaches_no_engine(string payload, string words)
    {
        foreach (var action in new[]
        {
            OperationActions.Start,
            OperationActions.Stop,
            OperationActions.Remove,
            OperationActions.GetStatus,
            OperationActions.Inspect
        })
        {
            (await Should.ThrowAsync<CommandException>(() => _routes.Operations.RunAsync(action, payload))).Message.ShouldContain(
                words,
                Case.Sensitive,
                action);
        }

        _engine.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"container_id":"c1"}""")]
    [InlineData("""{"container_id":"c1","new_name":" "}""")]
    public async Task A_rename_without_a_name_reaches_no_engine(string payload)
    {
        (await Should.ThrowAsync<CommandException>(() => _routes.Operations.RunAsync(
            OperationActions.Rename,
            payload))).Message.ShouldBe("new_name is missing");
        _engine.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("../../images/x")]
    [InlineData("a?force=1")]
    [InlineData("a b")]
    public async Task A_name_stays_one_part_of_the_path(string name)
    {
        await _routes.Operations.RunAsync(OperationActions.Start, $$"""{"container_id":"{{name}}"}""");
        _engine.Calls.Last().Path.ShouldBe($"/containers/{Uri.EscapeDataString(name)}/start");
    }

    [Theory]
    [InlineData(OperationActions.Stop)]
    [InlineData(OperationActions.Restart)]
    [InlineData(OperationActions.Kill)]
    [InlineData(OperationActions.Pause)]
    [InlineData(OperationActions.Rename)]
    [InlineData(OperationActions.Remove)]
    public async Task The_agents_own_container_is_left_alone_by_whatever_would_end_it(string action)
    {
        var routes = new Routes();
        new ContainerOperations(_engine.Client, TestOwnContainers.Of(Self), Gates.NoPolicy).AddTo(routes);
        foreach (var name in new[] { Self.Id, Self.Id[..12], "agent", "/agent" })
        {
            (await Should.ThrowAsync<CommandException>(() => routes.Operations.RunAsync(action, $$"""{"container_id":"{{name}}","new_name":"x"}"""))).Message
                .ShouldContain("the agent's own container agent");
        }

        _engine.Calls.ShouldAllBe(call => call.Line.StartsWith("GET "));
    }

    [Theory]
    [InlineData(OperationActions.Start)]
    [InlineData(OperationActions.Unpause)]
    public async Task What_harms_no_agent_is_done_to_its_own_container_too(string action)
    {
        var routes = new Routes();
        new ContainerOperations(_engine.Client, TestOwnContainers.Unknown, Gates.NoPolicy).AddTo(routes);
        (await routes.Operations.RunAsync(action, """{"container_id":"agent"}""")).GetProperty("container_id").GetString().ShouldBe("agent");
    }

    [Theory]
    [InlineData(404, "No such container: c1")]
    [InlineData(409, "Container c1 is not running")]
    [InlineData(500, "driver failed")]
    public async Task What_the_engine_refuses_is_an_error_in_its_words(int status, string words)
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json($$"""{"message":"{{words}}"}""", status));
        var routes = new Routes();
        new ContainerOperations(engine.Client, TestOwnContainers.None, Gates.NoPolicy).AddTo(routes);
        (await Should.ThrowAsync<EngineException>(() => routes.Operations.RunAsync(
            OperationActions.Kill,
            """{"container_id":"c1"}"""))).Message.ShouldBe(words);
    }

    [Fact]
    public async Task Status_and_inspection_are_what_the_engine_says()
    {
        await using var engine = new ScriptedEngine(("/containers/c1/json", 200, """{"Id":"c1","State":{"Status":"paused"},"New":[1.50]}"""));
        var routes = new Routes();
        new ContainerOperations(engine.Client, TestOwnContainers.None, Gates.NoPolicy).AddTo(routes);
        (await routes.Operations.RunAsync(OperationActions.GetStatus, """{"container_id":"c1"}""")).GetProperty("status").GetString().ShouldBe("paused");
        (await routes.Operations.RunAsync(OperationActions.Inspect, """{"container_id":"/c1"}""")).GetProperty("container").GetRawText()
            .ShouldBe("""{"Id":"c1","State":{"Status":"paused"},"New":[1.50]}""");
    }
}
