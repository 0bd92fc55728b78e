using System.Text;
using System.Text.Json;
using DockMon.Agent.Delivery;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Policies.Hiding;
using DockMon.Agent.Streams.Events;
using DockMon.Agent.Tests.Policies;
using DockMon.Agent.Tests.Policies.Hiding;
using DockMon.Engine;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.Events;

public sealed class EventReporterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ContainerTracker _tracker = new();
    private readonly Outbound _outbound;
    private readonly EventReporter _teller;
    private readonly PolicySource _policies = new(HostPolicy.Unrestricted);
    private readonly HiddenContainers _hidden;

    public EventReporterTests()
    {
        var time = new FakeTimeProvider();
        _outbound = new Outbound(new Outbox(_folder.Path), time, NullLogger<Outbound>.Instance);
        _hidden = new HiddenContainers(
            _policies,
            (id, _) => Task.FromResult<ContainerFacts?>(new ContainerFacts(id, "", "i", new Dictionary<string, string>())),
            time,
            NullLogger<HiddenContainers>.Instance);
        _teller = new EventReporter(_tracker, _policies, _hidden, _outbound, time);
        Event("start", "a");
        Told().ShouldBe(["start a"]);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_policy_that_denies_events_stops_them_and_what_runs_is_tracked_all_the_same()
    {
        _policies.Use(Gates.Policy("mode: full\ndeny: [events]"));
        Event("start", "b");
        Event("die", "a");
        Told().ShouldBeEmpty();
        _tracker.Running.Count.ShouldBe(1);
        _policies.Use(Gates.Policy("mode: observe"));
        Event("die", "b");
        Told().ShouldBe(["die b"]);
    }

    [Fact]
    public void An_end_that_an_event_tells_after_it_was_missed_and_before_it_is_told_is_told_once()
    {
        var missing = Compare().Missing.Single();
        Event("die", "a");
        _teller.ReportEnd(missing, "die", "T", []);
        Told().ShouldBe(["die a"]);
    }

    [Fact]
    public void An_end_that_an_event_tells_after_it_was_told_is_told_once()
    {
        _teller.ReportEnd(Compare().Missing.Single(), "die", "T", []);
        Event("die", "a");
        Told().ShouldBe(["die a"]);
    }

    [Fact]
    public void A_container_that_was_missed_and_started_again_has_not_ended()
    {
        var missing = Compare().Missing.Single();
        Event("start", "a");
        _teller.ReportEnd(missing, "die", "T", []);
        Told().ShouldBe(["start a"]);
        _tracker.Running.Count.ShouldBe(1);
    }

    [Fact]
    public void A_start_that_an_event_tells_before_or_after_it_is_told_is_told_once()
    {
        var (started, _) = Compare("a", "b", "c");
        Event("start", "b");
        started.ToList().ForEach(container => _teller.ReportStart(container, "T"));
        Event("start", "c");
        Told().Order().ShouldBe(["start b", "start c"]);
    }

    [Fact]
    public void What_happens_later_is_told_although_no_event_told_of_what_was_found()
    {
        _teller.ReportEnd(Compare().Missing.Single(), "die", "T", []);
        Event("start", "a");
        Event("die", "a");
        Event("start", "a");
        Told().ShouldBe(["die a", "start a", "die a", "start a"]);
    }

    [Fact]
    public async Task Nothing_is_told_of_a_hidden_container_nor_that_it_was_renamed()
    {
        _policies.Use(Hidden.ByName.Current);
        await _hidden.LearnAsync(["id-a", "id-secret"], TestContext.Current.CancellationToken);
        foreach (var action in new[] { "create", "start", "die", "destroy" })
        {
            Event(action, "secret");
            Event(action, "a");
            Event(action, "unknown");
        }

        Rename("id-secret", "secret", "open");
        Rename("id-a", "a", "secret-2");
        Rename("id-a", "a", "b");
        _teller.ReportMissed(new RunningContainer("id-secret", "secret", "i"), "die", "T", []);
        _teller.ReportMissed(new RunningContainer("id-a", "a", "i"), "die", "T", []);
        Told().ShouldBe(["create a", "start a", "die a", "destroy a", "rename b", "die a"]);
    }

    private void Rename(string id, string from, string to) =>
        _teller.Report(new EngineEvent { Type = "container", Action = "rename", ActorId = id, Attributes = new() { ["name"] = to, ["oldName"] = "/" + from } });

    private (IReadOnlyList<RunningContainer> Started, IReadOnlyList<RunningContainer> Missing) Compare(params string[] names)
    {
        _tracker.BeginCompare();
        return _teller.Compare([.. names.Select(name => new ContainerSummary { Id = "id-" + name, Names = ["/" + name], Image = "i" })], _ => true);
    }

    private void Event(string action, string name) =>
        _teller.Report(new EngineEvent { Type = "container", Action = action, ActorId = "id-" + name, Attributes = new() { ["name"] = name }, TimeNano = 1 });

    private List<string> Told()
    {
        var told = new List<string>();
        while (_outbound.TryTake() is { } frame)
        {
            var e = JsonElement.Parse(Encoding.UTF8.GetString(frame.Bytes)).GetProperty("payload");
            told.Add($"{e.GetProperty("action").GetString()} {e.GetProperty("container_name").GetString()}");
        }

        return told;
    }
}
