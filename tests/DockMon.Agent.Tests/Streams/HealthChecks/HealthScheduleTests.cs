using DockMon.Agent.Streams.HealthChecks;
using DockMon.Protocol;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.HealthChecks;

public sealed class HealthScheduleTests
{
    private readonly HealthSchedule _schedule = new();

    [Fact]
    public void Two_hundred_checks_are_spread_over_their_interval()
    {
        _schedule.Replace([.. Enumerable.Range(0, 200).Select(i => Check($"c{i}", 30))], TimeSpan.Zero);
        var seconds = new int[60];
        for (var tick = 0; tick < 600; tick++)
        {
            var due = _schedule.TakeDue(Seconds(tick / 10.0), maximum: 1000);
            seconds[tick / 10] += due.Count;
            Finish(due);
        }

        // 200 in 30 seconds are 6.7 in each.
        seconds.Max().ShouldBeLessThanOrEqualTo(8);
        seconds.Take(30).Sum().ShouldBeInRange(199, 201);
        seconds.Sum().ShouldBeInRange(399, 401);
    }

    [Fact]
    public void A_long_interval_does_not_delay_the_first_check()
    {
        _schedule.Replace([.. Enumerable.Range(0, 50).Select(i => Check($"c{i}", 86400))], TimeSpan.Zero);
        _schedule.TakeDue(HealthSchedule.LongestStart, maximum: 1000).Count.ShouldBe(50);
    }

    [Fact]
    public void What_stays_keeps_its_place_what_goes_is_gone_and_what_changed_is_as_it_says_now()
    {
        _schedule.Replace([Check("a", 30), Check("b", 30), Check("c", 30)], TimeSpan.Zero);
        var next = Finish(_schedule.TakeDue(Seconds(29.9), maximum: 10)).ToDictionary(entry => entry.Check.Config.ContainerId!, entry => entry.Due);
        _schedule.Replace([Check("a", 30), Check("b", 30, "http://127.0.0.1/other")], Seconds(29.95));
        _schedule.NextDue().ShouldBe(next.Where(entry => entry.Key != "c").Min(entry => entry.Value));
        var later = _schedule.TakeDue(Seconds(59.9), maximum: 10);
        later.Select(entry => entry.Check.Config.ContainerId).Order().ShouldBe(["a", "b"]);
        later.Single(entry => entry.Check.Config.ContainerId == "b").Check.Request!.Url.AbsolutePath.ShouldBe("/other");
    }

    [Fact]
    public void A_shorter_interval_counts_from_the_last_check()
    {
        _schedule.Put(Check("a", 600), TimeSpan.Zero);
        Finish(_schedule.TakeDue(Seconds(0), maximum: 10)).Count.ShouldBe(1);
        _schedule.Put(Check("a", 20), Seconds(5));
        _schedule.NextDue().ShouldBe(Seconds(20));
    }

    [Fact]
    public void A_check_that_is_off_does_not_run_and_does_not_catch_up_when_it_is_on_again()
    {
        _schedule.Put(Check("a", 10), TimeSpan.Zero);
        Finish(_schedule.TakeDue(TimeSpan.Zero, maximum: 10)).Count.ShouldBe(1);
        _schedule.Put(Check("a", 10, enabled: false), Seconds(1));
        _schedule.NextDue().ShouldBeNull();
        _schedule.TakeDue(Seconds(100), maximum: 10).ShouldBeEmpty();
        _schedule.Put(Check("a", 10), Seconds(104));
        _schedule.NextDue().ShouldBe(Seconds(110));
    }

    [Fact]
    public void A_check_that_runs_is_not_due_and_missed_beats_are_missed()
    {
        _schedule.Put(Check("a", 10), TimeSpan.Zero);
        var running = _schedule.TakeDue(TimeSpan.Zero, maximum: 10);
        _schedule.TakeDue(Seconds(35), maximum: 10).ShouldBeEmpty();
        _schedule.NextDue().ShouldBeNull();
        Finish(running);
        Finish(_schedule.TakeDue(Seconds(35), maximum: 10)).Count.ShouldBe(1);
        _schedule.NextDue().ShouldBe(Seconds(40));
    }

    [Fact]
    public void When_not_all_may_run_the_longest_due_goes_first()
    {
        _schedule.Replace([.. Enumerable.Range(0, 10).Select(i => Check($"c{i}", 30))], TimeSpan.Zero);
        var first = _schedule.TakeDue(Seconds(29.9), maximum: 4);
        var rest = _schedule.TakeDue(Seconds(29.9), maximum: 10);
        first.Count.ShouldBe(4);
        rest.Count.ShouldBe(6);
        first.Max(entry => entry.Due).ShouldBeLessThan(rest.Min(entry => entry.Due));
    }

    internal static HealthCheck Check(string container, double interval, string url = "http://127.0.0.1/", bool? enabled = null) =>
        HealthCheck.From(new HealthCheckConfig { ContainerId = container, HostId = "h", Url = url, CheckIntervalSeconds = interval, Enabled = enabled });

    private static TimeSpan Seconds(double value) => TimeSpan.FromSeconds(value);

    private static IReadOnlyList<HealthSchedule.Entry> Finish(IReadOnlyList<HealthSchedule.Entry> entries)
    {
        foreach (var entry in entries)
        {
            entry.Running = false;
        }

        return entries;
    }
}
