using DockMon.Agent.Threading;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Threading;

public sealed class TimeLimitTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider _time = new();
    private readonly CancellationTokenSource _caller = new();

    public void Dispose() => _caller.Dispose();

    [Fact]
    public void Within_the_limit_nothing_is_cancelled()
    {
        using var limit = new TimeLimit(Limit, _time, _caller.Token);

        _time.Advance(Limit - TimeSpan.FromMilliseconds(1));

        limit.Token.IsCancellationRequested.ShouldBeFalse();
        limit.IsOver.ShouldBeFalse();
    }

    [Fact]
    public void At_the_limit_the_token_is_cancelled_and_the_limit_is_over()
    {
        using var limit = new TimeLimit(Limit, _time, _caller.Token);

        _time.Advance(Limit);

        limit.Token.IsCancellationRequested.ShouldBeTrue();
        limit.IsOver.ShouldBeTrue();
    }

    [Fact]
    public async Task A_caller_who_cancels_cancels_the_token_and_the_limit_is_not_over()
    {
        using var limit = new TimeLimit(Limit, _time, _caller.Token);

        await _caller.CancelAsync();

        limit.Token.IsCancellationRequested.ShouldBeTrue();
        limit.IsOver.ShouldBeFalse();
    }

    [Fact]
    public async Task A_caller_who_has_cancelled_already_cancels_at_once()
    {
        await _caller.CancelAsync();

        using var limit = new TimeLimit(Limit, _time, _caller.Token);

        limit.Token.IsCancellationRequested.ShouldBeTrue();
        limit.IsOver.ShouldBeFalse();
    }

    [Fact]
    public async Task Of_a_caller_and_a_limit_that_both_cancel_the_caller_counts()
    {
        using var limit = new TimeLimit(Limit, _time, _caller.Token);

        _time.Advance(Limit);
        await _caller.CancelAsync();

        limit.IsOver.ShouldBeFalse();
    }

    [Fact]
    public async Task A_limit_that_was_disposed_of_is_out_of_its_callers_reach()
    {
        var limit = new TimeLimit(Limit, _time, _caller.Token);
        var token = limit.Token;
        limit.Dispose();

        await _caller.CancelAsync();
        _time.Advance(Limit);

        token.IsCancellationRequested.ShouldBeFalse();
    }
}
