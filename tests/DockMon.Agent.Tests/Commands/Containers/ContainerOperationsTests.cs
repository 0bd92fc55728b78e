using System.Text.Json;
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

/// <summary>The agent's own container, however it is named.</summary>
public sealed class ContainerOperationsTests
{
    private static readonly SelfContainer Self = new(new string('a', 64), "agent", "image", "bridge");

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(403)]
    public async Task While_the_engine_does_not_say_which_container_is_meant_none_is_stopped(int status)
    {
        await using var engine = new ScriptedEngine(("/containers/aaa/json", status, """{"message":"starting"}"""), ("/containers/aaa/stop?t=10", 204, ""));
        await Should.ThrowAsync<EngineException>(() => StopAsync(engine, "aaa", TestOwnContainers.Of(Self, engine.Client)));
        engine.Requests.ShouldBe(["/containers/aaa/json"]);
    }

    [Fact]
    public async Task While_the_agents_own_container_is_not_known_none_is_stopped()
    {
        await using var engine = new ScriptedEngine(("/containers/web/stop?t=10", 204, ""));
        await Should.ThrowAsync<CommandException>(() => StopAsync(engine, "web", TestOwnContainers.Unknown));
        engine.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_beginning_of_its_id_is_the_agents_own_container()
    {
        await using var engine = new ScriptedEngine(
            ("/containers/aaa/json", 200, $$"""{"Id":"{{Self.Id}}","Name":"/agent"}"""),
            ("/containers/aaa/stop?t=10", 204, ""));
        (await Should.ThrowAsync<CommandException>(() => StopAsync(
            engine,
            "aaa",
            TestOwnContainers.Of(Self, engine.Client)))).Message.ShouldContain("the agent's own container");
        engine.Requests.ShouldBe(["/containers/aaa/json"]);
    }

    private static Task<byte[]> StopAsync(ScriptedEngine engine, string container, OwnContainer own)
    {
        var routes = new Routes();
        new ContainerOperations(engine.Client, own, Gates.NoPolicy).AddTo(routes);
        return routes.Operations[OperationActions.Stop]
            .Bind(JsonElement.Parse($$"""{"container_id":"{{container}}"}"""))
            .Run(TestContext.Current.CancellationToken);
    }
}
