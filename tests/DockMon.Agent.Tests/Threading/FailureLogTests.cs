using DockMon.Agent.Threading;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Threading;

public sealed class FailureLogTests
{
    [Fact]
    public void A_new_reason_is_reported_at_once_and_the_same_one_at_growing_intervals_with_its_count()
    {
        var reasons = new FailureLog();
        var reported = new List<int>();
        for (var i = 0; i < 20; i++)
        {
            if (reasons.ShouldReport("dns", out var count))
            {
                reported.Add(count);
            }
        }

        reported.ShouldBe([1, 2, 4, 8, 16]);
        reasons.ShouldReport("refused", out var first).ShouldBeTrue();
        first.ShouldBe(1);
        reasons.Clear();
        reasons.ShouldReport("refused", out _).ShouldBeTrue();
    }

    [Fact]
    public void Reasons_that_take_turns_are_each_reported_at_growing_intervals()
    {
        var reasons = new FailureLog();
        Enumerable.Range(0, 40).Count(i => reasons.ShouldReport(i % 2 == 0 ? "reset" : "end of stream", out _)).ShouldBe(10);
    }

    [Fact]
    public void Reasons_that_are_always_new_are_soon_counted_together()
    {
        var reasons = new FailureLog();
        Enumerable.Range(0, FailureLog.Limit + 32).Count(i => reasons.ShouldReport($"port {i}", out _)).ShouldBe(FailureLog.Limit + 6);
        reasons.ShouldReport("port 1", out var count).ShouldBeTrue();
        count.ShouldBe(2);
    }
}
