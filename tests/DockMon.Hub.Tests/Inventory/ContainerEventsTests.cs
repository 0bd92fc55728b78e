using System.Text.Json;
using DockMon.Hub.Inventory;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Inventory;

public sealed class ContainerEventsTests
{
    private static readonly ContainerRecord Running = DockerList.Read(
        "h1", JsonElement.Parse("""[{"Id":"a","Names":["/web"],"State":"running","Status":"Up 1 second (healthy)"}]""")).Values.Single();

    [Theory]
    [InlineData("pause", "paused", "Up", "healthy", false)]
    [InlineData("unpause", "running", "Up", "healthy", false)]
    [InlineData("health_status: unhealthy", "running", "Up", "unhealthy", false)]
    [InlineData("die", "exited", "Exited (3)", "", true)]
    [InlineData("start", "running", "Up", "starting", true)]
    [InlineData("rename", "running", "Up", "healthy", true)]
    [InlineData("stop", "running", "Up", "healthy", false)]
    [InlineData("something new", "running", "Up", "healthy", true)]
    public void An_event_changes_what_it_says_and_asks_for_a_list_when_there_may_be_more(
        string action, string state, string status, string health, bool listWanted)
    {
        var outcome = ContainerEvents.Apply(Running, Read(action)!);
        (outcome.Container!.State, outcome.Container.Status, outcome.Container.Health).ShouldBe((state, status, health));
        outcome.ListWanted.ShouldBe(listWanted);
    }

    [Fact]
    public void A_destroyed_container_is_gone_and_an_unknown_one_has_to_be_listed()
    {
        ContainerEvents.Apply(Running, Read("destroy")!).ShouldBe(new ContainerEvents.Outcome(null, ListWanted: false));
        ContainerEvents.Apply(null, Read("start")!).ShouldBe(new ContainerEvents.Outcome(null, ListWanted: true));
    }

    [Theory]
    [InlineData("exec_create: sh")]
    [InlineData("kill")]
    [InlineData("resize")]
    public void What_changes_nothing_is_not_read(string action) => Read(action).ShouldBeNull();

    [Theory]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("""{"container_id":"","action":"start"}""")]
    [InlineData("""{"container_id":"a","action":7}""")]
    public void What_is_no_event_of_a_container_is_not_read(string payload) => ContainerEvents.Read(JsonElement.Parse(payload)).ShouldBeNull();

    private static WaitingEvent? Read(string action) =>
        ContainerEvents.Read(JsonElement.Parse($$$"""{"container_id":"a","action":"{{{action}}}","attributes":{"exitCode":"3"}}"""));
}
