using DockMon.Agent.Threading;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Threading;

public sealed class BackgroundLoopTests : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();

    public void Dispose() => _stopping.Dispose();

    [Fact]
    public async Task A_loop_that_is_told_to_stop_completes()
    {
        var running = BackgroundLoop.RunAsync(ct => Task.Delay(Timeout.InfiniteTimeSpan, ct), _stopping.Token);
        running.IsCompleted.ShouldBeFalse();

        await _stopping.CancelAsync();

        await running;
        running.Status.ShouldBe(TaskStatus.RanToCompletion);
    }

    [Fact]
    public async Task Another_cancellation_is_a_failure() =>
        await Should.ThrowAsync<OperationCanceledException>(() => BackgroundLoop.RunAsync(_ => throw new OperationCanceledException(), _stopping.Token));

    [Fact]
    public async Task Another_exception_is_a_failure_also_of_a_loop_that_was_told_to_stop()
    {
        await _stopping.CancelAsync();

        await Should.ThrowAsync<IOException>(() => BackgroundLoop.RunAsync(_ => throw new IOException(), _stopping.Token));
    }
}
