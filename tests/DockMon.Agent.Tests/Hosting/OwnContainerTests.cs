using DockMon.Agent.Commands;
using DockMon.Agent.Hosting;
using DockMon.Engine;
using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Hosting;

/// <summary>What the agent knows of its own container while the engine does not answer, and after.</summary>
public sealed class OwnContainerTests
{
    private static readonly SelfContainer Self = new(new string('a', 64), "agent", "image", "bridge");

    private readonly FakeTimeProvider _time = new();
    private readonly LogCapture _log = new();
    private int _asked;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Until_the_engine_has_answered_what_might_end_the_agent_is_refused()
    {
        var engine = new Queue<Func<SelfContainer?>>([() => throw new EngineException("starting", System.Net.HttpStatusCode.ServiceUnavailable), () => Self]);
        var own = Create(() => engine.Dequeue()());
        await own.LookAsync(Token);
        own.IsKnown.ShouldBeFalse();
        own.Current.ShouldBeNull();
        Should.Throw<CommandException>(() => own.Require()).Message.ShouldContain("(starting)");

        var found = 0;
        own.Found += () => found++;
        await own.LookAsync(Token);
        await own.LookAsync(Token);
        own.Require().ShouldBe(Self);
        own.Current.ShouldBe(Self);
        (_asked, found).ShouldBe((2, 1));
        _log.Lines.Length.ShouldBe(1);
    }

    [Fact]
    public async Task Running_in_none_is_an_answer_too()
    {
        var own = Create(() => null);
        await own.LookAsync(Token);
        own.IsKnown.ShouldBeTrue();
        own.Require().ShouldBeNull();
    }

    [Fact]
    public async Task The_engine_is_asked_again_at_growing_intervals_until_the_own_container_is_known()
    {
        var answers = false;
        var own = Create(() => answers ? Self : throw new EngineUnavailableException("not there"));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var running = own.RunAsync(stop.Token);
        foreach (var seconds in (int[])[1, 2, 4, 8, 16, 32, 60, 60])
        {
            var before = _asked;
            _time.Advance(TimeSpan.FromSeconds(seconds * 0.6)); // Longer than the wait before it.
            _asked.ShouldBe(before);
            await AdvanceUntilAsync("it was asked again", TimeSpan.FromSeconds(seconds * 0.05), () => _asked == before + 1);
        }

        answers = true;
        await AdvanceUntilAsync("it is known", TimeSpan.FromMinutes(1), () => own.IsKnown);
        var last = _asked;
        _time.Advance(TimeSpan.FromHours(1));
        running.IsCompleted.ShouldBeFalse("the agent ends with the first of its parts that ends");
        await stop.CancelAsync();
        await running;
        _asked.ShouldBe(last);
        _log.Lines.Length.ShouldBe(1);
    }

    // The next wait may begin a moment after the look that it follows.
    private Task AdvanceUntilAsync(string reason, TimeSpan step, Func<bool> condition) => Retry.UntilAsync(
        reason,
        () =>
        {
            _time.Advance(step);
            return condition();
        },
        ct: Token);

    private OwnContainer Create(Func<SelfContainer?> answer) => new(
        engine: null!,
        _ =>
        {
            _asked++;
            return Task.FromResult(answer());
        },
        _time,
        _log);
}
