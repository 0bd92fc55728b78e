using System.Collections.Concurrent;
using DockMon.Agent.Commands;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Commands;

public sealed class LanesTests
{
    [Fact]
    public async Task Four_hundred_items_of_one_lane_run_in_order_while_fifty_other_lanes_work()
    {
        using var lanes = new Lanes();
        var typed = new List<int>();
        var others = new ConcurrentDictionary<int, List<int>>();
        for (var i = 0; i < 400; i++)
        {
            var n = i;
            lanes.Post("shell", async () =>
            {
                await Task.Yield();
                typed.Add(n); // Unsynchronised on purpose: a second runner in this lane would corrupt it.
            });
            var other = i % 50;
            lanes.Post($"lane {other}", async () =>
            {
                await Task.Yield();
                others.GetOrAdd(other, _ => []).Add(n);
            });
        }

        await lanes.WhenIdleAsync().WaitAsync(TestContext.Current.CancellationToken);
        typed.ShouldBe(Enumerable.Range(0, 400));
        others.Count.ShouldBe(50);
        others.Values.ShouldAllBe(list => list.SequenceEqual(list.Order()) && list.Count == 8);
    }

    [Fact]
    public async Task Work_in_a_lane_can_be_waited_for_and_its_failure_is_the_waiters()
    {
        using var lanes = new Lanes();
        (await lanes.RunAsync("a", () => lanes.RunAsync("b", () => Task.FromResult(7)))).ShouldBe(7);
        await Should.ThrowAsync<InvalidOperationException>(() => lanes.RunAsync("a", () => Task.FromException<int>(new InvalidOperationException())));
        (await lanes.RunAsync("a", () => Task.FromResult(8))).ShouldBe(8);
    }

    [Fact]
    public async Task A_read_runs_although_every_place_for_writes_is_taken()
    {
        using var lanes = new Lanes();
        var release = new TaskCompletionSource();
        for (var i = 0; i < Lanes.WriteWidth + 10; i++)
        {
            lanes.Post($"lane {i}", () => release.Task);
        }

        var read = new TaskCompletionSource();
        lanes.Post(null, () =>
        {
            read.SetResult();
            return Task.CompletedTask;
        });
        await read.Task.WaitAsync(TestContext.Current.CancellationToken);
        lanes.WhenIdleAsync().IsCompleted.ShouldBeFalse();
        release.SetResult();
        await lanes.WhenIdleAsync().WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_lane_that_ran_dry_takes_new_work()
    {
        using var lanes = new Lanes();
        for (var i = 0; i < 100; i++)
        {
            var done = new TaskCompletionSource();
            lanes.Post("a", () =>
            {
                done.SetResult();
                return Task.CompletedTask;
            });
            await done.Task.WaitAsync(TestContext.Current.CancellationToken);
        }

        await lanes.WhenIdleAsync().WaitAsync(TestContext.Current.CancellationToken);
    }
}
