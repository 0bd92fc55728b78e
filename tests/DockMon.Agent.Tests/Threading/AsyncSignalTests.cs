using DockMon.Agent.Threading;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Threading;

public sealed class AsyncSignalTests
{
    private readonly AsyncSignal _signal = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_signal_wakes_who_waits()
    {
        var waiting = _signal.WaitAsync(Token).AsTask();
        waiting.IsCompleted.ShouldBeFalse();

        _signal.Set();

        await waiting;
    }

    [Fact]
    public async Task A_signal_that_was_set_several_times_before_anybody_waits_wakes_once()
    {
        _signal.Set();
        _signal.Set();

        await _signal.WaitAsync(Token);

        _signal.WaitAsync(Token).AsTask().IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public void A_signal_that_was_reset_wakes_nobody()
    {
        _signal.TryReset().ShouldBeFalse();
        _signal.Set();

        _signal.TryReset().ShouldBeTrue();

        _signal.WaitAsync(Token).AsTask().IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task A_limit_wakes_who_waits()
    {
        var time = new FakeTimeProvider();
        var waiting = _signal.WaitAsync(TimeSpan.FromSeconds(5), time, Token).AsTask();
        time.Advance(TimeSpan.FromSeconds(4.9));
        waiting.IsCompleted.ShouldBeFalse();

        time.Advance(TimeSpan.FromSeconds(0.1));

        await waiting;
    }

    [Fact]
    public async Task A_wait_can_be_cancelled()
    {
        using var stopping = new CancellationTokenSource();
        var waiting = _signal.WaitAsync(stopping.Token).AsTask();

        await stopping.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => waiting);
    }
}
