using DockMon.Agent.Commands;
using DockMon.Agent.Compose.Deploy;
using DockMon.Agent.Compose.Discovery;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Agent.Hosting;
using DockMon.Agent.Policies;
using DockMon.Agent.SelfUpdate;
using DockMon.Agent.Tests.Hosting;
using DockMon.Agent.Update;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies;

public sealed class HostActionsTests : IDisposable
{
    private static readonly string[] Streams = [HostActions.Events, HostActions.Stats, HostActions.Shell, HostActions.HealthChecks];

    private readonly TemporaryFolder _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public void Every_route_of_the_agent_has_a_group_and_every_action_a_route()
    {
        var time = TimeProvider.System;
        var options = new AgentOptions { ServerUrl = new Uri("wss://host"), DataPath = _data.Path, StacksPath = _data.File("stacks") };
        var context = new AgentContext(options, NullLoggerFactory.Instance, time, new Random(1));
        var (engine, own, lanes) = (Gates.NoEngine, TestOwnContainers.None, new Lanes(time));
        var outbound = new Outbound(new Outbox(_data.Path), time, NullLogger<Outbound>.Instance);
        using var selfUpdates = new SelfUpdates(context, engine, own, lanes, outbound, new ConnectionState());
        var compose = new ComposeDeployer(context, engine, own, Gates.OpenForCreates, lanes, outbound);
        var routes = Routes.Of(
            new HostRegistration(context, engine, own, compose).AddTo,
            new DockerCommands(context, engine, own, Gates.OpenForCreates, lanes, outbound).AddTo,
            new Updates(context, engine, own, Gates.Open, Gates.OpenForCreates, lanes, outbound).AddTo,
            selfUpdates.AddTo,
            compose.AddTo,
            new ComposeScan(Gates.NoPolicy, time).AddTo);

        var actions = routes.Commands.Keys.Concat(routes.Operations.Keys).Distinct().ToList();
        actions.Count.ShouldBeGreaterThan(30);
        actions.Except(HostActions.Groups.Keys).ShouldBeEmpty("a policy could not speak of these: give each a group in HostActions");
        HostActions.Groups.Keys.Except(actions).Except(Streams).ShouldBeEmpty("nothing answers to these");
    }

    [Fact]
    public void A_group_is_its_actions_and_its_name_means_all_of_them()
    {
        foreach (var group in Enum.GetValues<ActionGroup>())
        {
            var actions = HostActions.Groups.Where(action => action.Value == group).Select(action => action.Key).ToList();
            actions.ShouldNotBeEmpty();
            var read = ActionSet.Read([ActionSet.NameOf(group)], out var unknown);
            unknown.ShouldBeEmpty();
            HostActions.Groups.Keys.Where(read.Contains).ShouldBe(actions, ignoreOrder: true);
        }
    }
}
