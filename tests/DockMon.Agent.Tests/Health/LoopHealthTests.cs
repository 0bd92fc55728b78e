using DockMon.Agent.Health;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Health;

public sealed class LoopHealthTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_turn_that_takes_longer_than_its_limit_stands_still()
    {
        var beat = new LoopHealth("loop", Limit, _time);
        beat.Running();
        _time.Advance(Limit);
        beat.Read().ShouldBe((Limit, true));
        _time.Advance(TimeSpan.FromSeconds(1));
        beat.Read().Turns.ShouldBeFalse();
        beat.Running();
        beat.Read().ShouldBe((TimeSpan.Zero, true));
    }

    [Fact]
    public void A_loop_that_waits_may_wait_as_long_as_it_likes()
    {
        var beat = new LoopHealth("loop", Limit, _time);
        beat.Running();
        beat.Idle();
        _time.Advance(TimeSpan.FromDays(1));
        beat.Read().Turns.ShouldBeTrue();
    }

    [Fact]
    public void A_loop_that_waits_for_its_time_has_its_limit_after_that()
    {
        var beat = new LoopHealth("loop", Limit, _time);
        beat.Sleeping(TimeSpan.FromHours(24));
        _time.Advance(TimeSpan.FromHours(24) + Limit);
        beat.Read().Turns.ShouldBeTrue();
        _time.Advance(TimeSpan.FromSeconds(1));
        beat.Read().Turns.ShouldBeFalse();
        beat.Running();
        _time.Advance(Limit + TimeSpan.FromSeconds(1));
        beat.Read().Turns.ShouldBeFalse();
    }

    [Fact]
    public void Health_names_what_stands_still_and_what_the_engine_says()
    {
        var beats = new AgentLoops(_time);
        HealthAnswer.From(beats, null, TimeSpan.FromSeconds(3)).ShouldSatisfyAllConditions(
            answer => answer.Healthy.ShouldBeTrue(),
            answer => answer.Text.ShouldBe("healthy: 6 loops turn, the engine answered 3 s ago"));
        HealthAnswer.From(beats, null, TimeSpan.FromSeconds(3), cut: 2).ShouldSatisfyAllConditions(
            answer => answer.CutAnswers.ShouldBe(2),
            answer => answer.Text.ShouldBe("healthy: 6 loops turn, the engine answered 3 s ago; 2 of its answers and events were too large and were cut"));
        beats.Write.Running();
        _time.Advance(TimeSpan.FromMinutes(3));
        HealthAnswer.From(beats, "it does not answer", null).ShouldSatisfyAllConditions(
            answer => answer.Healthy.ShouldBeFalse(),
            answer => answer.Text.ShouldBe("unhealthy: the loop \"writing\" stands still since 180 s; it does not answer"));
    }
}
