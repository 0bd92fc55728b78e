using DockMon.Agent.Health;
using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Health;

public sealed class EngineProbeTests : IAsyncLifetime
{
    private readonly ScriptedEngine _engine = new(("/_ping", 200, "OK"));
    private readonly FakeTimeProvider _time = new();
    private EngineProbe _probe = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _probe = new EngineProbe(_engine.Client, _time);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _probe.Dispose();
        await _engine.DisposeAsync();
    }

    [Fact]
    public async Task An_engine_that_was_never_asked_has_no_answer_and_one_that_was_has_its_age()
    {
        _probe.SinceAnswer.ShouldBeNull();
        (await _probe.AskAsync(Token)).ShouldBeNull();
        _time.Advance(TimeSpan.FromSeconds(7));
        _probe.SinceAnswer.ShouldBe(TimeSpan.FromSeconds(7));
    }

    [Fact]
    public async Task An_engine_that_hangs_is_given_up_and_asked_again_the_next_time()
    {
        var asked = new TaskCompletionSource();
        var free = new TaskCompletionSource();
        _engine.BeforeAnswer = _ =>
        {
            asked.TrySetResult();
            return free.Task;
        };
        var asking = _probe.AskAsync(Token);
        await asked.Task.WaitAsync(Token);
        _time.Advance(EngineProbe.Limit);
        (await asking).ShouldBe("the Docker engine does not answer within 3 s (timeout)");
        _probe.SinceAnswer.ShouldBeNull();

        free.SetResult();
        (await _probe.AskAsync(Token)).ShouldBeNull();
    }

    [Fact]
    public async Task Callers_that_ask_at_once_ask_the_engine_once()
    {
        var free = new TaskCompletionSource();
        _engine.BeforeAnswer = _ => free.Task;
        var asking = Enumerable.Range(0, 10).Select(_ => _probe.AskAsync(Token)).ToList();
        await Retry.UntilAsync("the engine is asked", () => _engine.Calls.Count > 0, ct: Token);
        free.SetResult();
        (await Task.WhenAll(asking)).ShouldAllBe(answer => answer == null);
        _engine.Calls.Count(call => call.Path == "/_ping").ShouldBeLessThanOrEqualTo(2, "the client's own negotiation is the other");
    }

    [Fact]
    public async Task A_caller_who_gives_up_is_not_told_of_the_engine()
    {
        using var gone = new CancellationTokenSource();
        _engine.BeforeAnswer = _ => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, Token);
        var asking = _probe.AskAsync(gone.Token);
        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => asking);
    }
}
