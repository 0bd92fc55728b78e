using DockMon.Agent.Streams.Events;
using DockMon.Engine;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.Events;

public sealed class ContainerTrackerTests
{
    private readonly ContainerTracker _tracker = new();
    private readonly List<string> _changes = [];

    public ContainerTrackerTests()
    {
        _tracker.Started += container => _changes.Add("+" + container.Name);
        _tracker.Ended += id => _changes.Add("-" + id);
    }

    [Fact]
    public void Only_the_end_of_a_container_ends_it()
    {
        Apply("start", "a");
        Apply("kill", "a");
        Apply("pause", "a");
        Apply("die", "a");
        Apply("die", "a");
        _changes.ShouldBe(["+a", "-id-a"]);
    }

    [Fact]
    public void What_no_event_told_is_found_by_comparing()
    {
        _tracker.Compare(List("a", "b"));
        var (started, missing) = _tracker.Compare(List("b", "c"));
        started.Select(container => container.Name).ShouldBe(["c"]);
        missing.Select(container => container.Name).ShouldBe(["a"]);
        _tracker.Forget(missing.Single()).ShouldBeTrue();
        _tracker.Forget(missing.Single()).ShouldBeFalse();
        _tracker.Running.Select(container => container.Name).Order().ShouldBe(["b", "c"]);
    }

    [Fact]
    public void What_events_tell_while_the_list_is_made_is_newer_than_the_list()
    {
        Apply("start", "a");
        Apply("start", "b");
        _tracker.BeginCompare();
        Apply("start", "new");
        Apply("die", "b");
        var (started, missing) = _tracker.Compare(List("a", "b"));
        started.ShouldBeEmpty();
        missing.ShouldBeEmpty();
        _tracker.Running.Select(container => container.Name).Order().ShouldBe(["a", "new"]);
    }

    [Fact]
    public void A_rename_of_a_running_container_is_taken_over_and_one_of_a_stopped_container_starts_nothing()
    {
        Apply("start", "a");
        Apply("rename", "new", "id-a");
        Apply("rename", "other", "id-stopped");
        _tracker.Running.Single().Name.ShouldBe("new");
    }

    private static ContainerSummary[] List(params string[] names) =>
        [.. names.Select(name => new ContainerSummary { Id = "id-" + name, Names = ["/" + name], Image = "i" })];

    private void Apply(string action, string name, string? id = null) =>
        _tracker.Apply(new EngineEvent
        {
            Type = "container",
            Action = action,
            ActorId = id ?? "id-" + name,
            Attributes = new() { ["name"] = name },
            TimeNano = 1
        });
}
