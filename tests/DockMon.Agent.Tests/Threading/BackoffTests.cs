using CsCheck;
using DockMon.Agent.Threading;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Threading;

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
    public void Delays_before_a_server_grow_slowly_to_half_of_the_longest_and_half_of_each_is_certain() =>
        Gen.Select(Gen.Int[1, 200], Gen.Int).Sample((tries, seed) =>
        {
            var backoff = Backoff.ToServer(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60), new Random(seed));
            for (var i = 0; i < tries; i++)
            {
                var ceiling = Math.Min(Math.Pow(1.2, i), 30);
                backoff.Next().TotalSeconds.ShouldBeInRange((ceiling / 2) - 0.001, ceiling + 0.001);
            }
        });

    [Fact]
    public void The_first_delay_is_never_cut()
    {
        var backoff = Backoff.ToServer(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(20), new Random(1));
        Enumerable.Range(0, 20).ShouldAllBe(_ => backoff.Next() >= TimeSpan.FromSeconds(10));
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
