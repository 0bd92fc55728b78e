using CsCheck;
using DockMon.Agent.Connection;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Connection;

public sealed class BackoffTests
{
    [Fact]
    public void Every_delay_lies_between_nothing_and_a_ceiling_that_doubles_up_to_the_maximum() =>
        Gen.Select(Gen.Int[1, 5000], Gen.Int[1, 100], Gen.Int[1, 200], Gen.Int).Sample((initialMs, factor, tries, seed) =>
        {
            var initial = TimeSpan.FromMilliseconds(initialMs);
            var most = initial * factor;
            var backoff = new Backoff(initial, most, new Random(seed));
            for (var i = 0; i < tries; i++)
            {
                var ceiling = TimeSpan.FromTicks((long)Math.Min(initial.Ticks * Math.Pow(2, Math.Min(i, 40)), most.Ticks));
                backoff.Next().ShouldBeInRange(TimeSpan.Zero, ceiling);
            }
        });

    [Fact]
    public void The_jitter_is_full()
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(60), new Random(1));
        var delays = Enumerable.Range(0, 1000).Select(_ => backoff.Next().TotalSeconds).ToList();
        delays.Average().ShouldBe(30, 3);
        delays.Min().ShouldBeLessThan(2);
        delays.Max().ShouldBeGreaterThan(58);
    }

    [Fact]
    public void A_reset_starts_over()
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60), new Random(1));
        for (var i = 0; i < 20; i++)
        {
            backoff.Next();
        }

        backoff.Reset();
        backoff.Next().ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(1));
    }
}
