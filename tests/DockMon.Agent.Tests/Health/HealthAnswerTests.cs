using DockMon.Agent.Health;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Health;

public sealed class HealthAnswerTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly AgentLoops _loops;

    public HealthAnswerTests() => _loops = new AgentLoops(_time);

    [Fact]
    public void An_agent_that_works_says_how_old_the_engines_answer_is()
    {
        var answer = HealthAnswer.From(_loops, engineError: null, TimeSpan.FromSeconds(12.34));
        answer.Healthy.ShouldBeTrue();
        answer.Text.ShouldBe("healthy: 6 loops turn, the engine answered 12 s ago");
        answer.EngineAnsweredSecondsAgo.ShouldBe(12.3);
        answer.Loops.Count.ShouldBe(6);
        answer.Loops.ShouldAllBe(loop => loop.Turns);
    }

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once()
    {
        _loops.Read.Running();
        _time.Advance(TimeSpan.FromMinutes(2));
        var answer = HealthAnswer.From(_loops, "the engine is away", sinceEngine: null, cut: 3, ["stop container waits since 700 s"]);
        answer.Healthy.ShouldBeFalse();
        answer.Text.ShouldBe(
            "unhealthy: the loop \"reading\" stands still since 120 s; stop container waits since 700 s; the engine is away"
            + "; 3 of its answers and events were too large and were cut");
        answer.EngineAnsweredSecondsAgo.ShouldBeNull();
        answer.Loops.Where(loop => !loop.Turns).Select(loop => loop.Name).ShouldBe(["reading"]);
    }

    [Fact]
    public void Answers_that_were_cut_alone_are_no_illness()
    {
        var answer = HealthAnswer.From(_loops, engineError: null, TimeSpan.Zero, cut: 1);
        answer.Healthy.ShouldBeTrue();
        answer.Text.ShouldEndWith("1 of its answers and events were too large and were cut");
    }

    [Fact]
    public void Records_of_the_audit_that_were_lost_are_told_and_make_nobody_unhealthy()
    {
        var answer = HealthAnswer.From(_loops, engineError: null, TimeSpan.Zero, lost: 12);
        answer.Healthy.ShouldBeTrue();
        answer.Text.ShouldEndWith("; 12 records of the audit could not be written");
        answer.LostAuditRecords.ShouldBe(12);
    }

    [Fact]
    public void A_loop_that_sleeps_or_waits_is_not_one_that_stands_still()
    {
        _loops.Timer.Sleeping(TimeSpan.FromHours(1));
        _loops.Link.Idle();
        _time.Advance(TimeSpan.FromMinutes(59));
        HealthAnswer.From(_loops, null, TimeSpan.Zero).Healthy.ShouldBeTrue();
        _time.Advance(TimeSpan.FromMinutes(3));
        var answer = HealthAnswer.From(_loops, null, TimeSpan.Zero);
        answer.Loops.Where(loop => !loop.Turns).Select(loop => loop.Name).ShouldBe(["sampling"]);
    }
}
