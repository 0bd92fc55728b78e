using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Configuration;
using DockMon.Agent.Hosting;
using DockMon.Agent.Tests.Hosting;
using DockMon.Agent.Update;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Update;

/// <summary>The agent's own container, which an update would end.</summary>
public sealed class OwnUpdateTests
{
    private static readonly SelfContainer Self = new(new string('a', 64), "agent", "image", "bridge");

    [Theory]
    [InlineData("agent")]
    [InlineData("aaaaaaaaaaaa")]
    [InlineData("aaa")]
    public async Task An_update_of_the_agents_own_container_is_refused_however_it_is_named(string container)
    {
        await using var engine = new ScriptedEngine(("/containers/aaa/json", 200, $$"""{"Id":"{{Self.Id}}","Name":"/agent"}"""));
        var routes = new Routes();
        var own = TestOwnContainers.Of(Self, engine.Client);
        // Whatever does the work is not asked.
        var context = new AgentContext(new AgentOptions { ServerUrl = new Uri("ws://h") }, NullLoggerFactory.Instance, engine.Time, new Random(1));
        new UpdateCommand(context, engine.Client, updater: null!, queue: null!, report: null!, own, requestGate: null!, gate: null!).AddTo(routes);
        var update = routes.Commands[CommandNames.UpdateContainer].Bind(JsonElement.Parse($$"""{"container_id":"{{container}}","new_image":"app:2"}"""));
        (await Should.ThrowAsync<CommandException>(() => update.Run(TestContext.Current.CancellationToken))).Message
            .ShouldBe("refused to update agent: it is the agent's own container, which the agent cannot replace without ending itself");
    }
}
