using DockMon.Hub.Agents.Limits;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Agents.Limits;

public sealed class LogLimitTests
{
    [Fact]
    public void The_first_time_is_told_at_once_and_the_next_a_minute_later_with_how_often_it_was()
    {
        var time = new FakeTimeProvider();
        var limit = new LogLimit(time);
        limit.Happened(out var count).ShouldBeTrue();
        count.ShouldBe(1);
        for (var i = 0; i < 1000; i++)
        {
            limit.Happened(out _).ShouldBeFalse();
        }

        time.Advance(TimeSpan.FromMinutes(1));
        limit.Happened(out count).ShouldBeTrue();
        count.ShouldBe(1001);
    }
}
