using System.Text.Json.Nodes;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Policies.Hiding;
using DockMon.Agent.Tests.Policies.Hiding;
using DockMon.Agent.Update.Planning;
using DockMon.Agent.Update.Steps;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Update.Steps;

public sealed class DependentFinderTests
{
    private static readonly string Main = new('a', 64);

    [Fact]
    public void Those_that_hang_on_it_come_after_those_that_they_hang_on_themselves()
    {
        var found = DependentFinder.Order(
            [.. ((JsonObject[])[
                Container('f', "both", running: true, ("NetworkMode", "container:side"), ("PidMode", $"container:{Main}")),
                Container('e', "far", running: false, ("IpcMode", "container:" + new string('c', 64))),
                Container('a', "main", running: true, ("NetworkMode", "bridge")),
                Container('b', "other", running: true, ("NetworkMode", "container:nobody"), ("PidMode", "host")),
                Container('c', "side", running: true, ("NetworkMode", "container:main")),
                Container('d', "beside", running: true, ("PidMode", "container:" + Main[..12])),
            ]).Select(InspectedContainer.Of)],
            Main);
        found.Select(dependent => dependent.Name).ShouldBe(["side", "both", "far", "beside"], ignoreOrder: true);
        Place("side").ShouldBeLessThan(Place("both"));
        Place("side").ShouldBeLessThan(Place("far"));
        found.Single(dependent => !dependent.WasRunning).Name.ShouldBe("far");

        int Place(string name) => found.Index().Single(item => item.Item.Name == name).Index;
    }

    [Fact]
    public void What_they_hang_on_is_replaced_whichever_way_it_is_named()
    {
        var container = Container('f', "x", running: true, ("NetworkMode", "container:side"), ("PidMode", $"container:{Main}"), ("IpcMode", "container:other"));
        Namespaces.Replace(container, owner => owner == "side" ? "new-side" : owner == Main ? "new-main" : null);
        container["HostConfig"]!.ToJsonString().ShouldBe("""{"NetworkMode":"container:new-side","PidMode":"container:new-main","IpcMode":"container:other"}""");
    }

    [Fact]
    public async Task A_hidden_dependent_refuses_the_update_without_being_named()
    {
        await using var docker = new FakeDocker();
        docker.HasImage("app:1", "sha256:old");
        var web = docker.Run("web", "app:1");
        docker.Run("secret", "app:1", new JsonObject { ["NetworkMode"] = $"container:{web.Id}" });
        var time = new FakeTimeProvider();
        var engine = docker.Connect(time).Client;
        var hidden = new HiddenContainers(
            Hidden.ByName, (id, ct) => new ContainerFactsReader(engine).ReadAsync(id, ct), time, NullLogger<HiddenContainers>.Instance);
        var refusal = (await new DependentFinder(engine, hidden, time).FindAsync(web.Id, Token)).Refusal;
        refusal.ShouldBe("a container that this host's policy hides has a namespace from it, and would have to be recreated");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static JsonObject Container(char id, string name, bool running, params (string Mode, string Value)[] modes) => new()
    {
        ["Id"] = new string(id, 64),
        ["Name"] = "/" + name,
        ["State"] = new JsonObject { ["Running"] = running },
        ["HostConfig"] = new JsonObject(modes.Select(mode => KeyValuePair.Create(mode.Mode, (JsonNode?)mode.Value))),
    };
}
