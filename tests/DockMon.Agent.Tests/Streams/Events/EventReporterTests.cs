using System.Text;
using System.Text.Json;
using DockMon.Agent.Delivery;
using DockMon.Agent.Streams.Events;
using DockMon.Engine;
using DockMon.Agent.Tests.Policies;
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

    public EventReporterTests()
    {
        var time = new FakeTimeProvider();
        _outbound = new Outbound(new Outbox(_folder.Path), time, NullLogger<Outbound>.Instance);
        _teller = new EventReporter(_tracker, _outbound, Gates.NoPolicy, time);
        Event("start", "a");
        Told().ShouldBe(["start a"]);
    }

    public void Dispose() => _folder.Dispose();

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
