using System.Collections.Concurrent;
using DockMon.Agent.Commands;
using DockMon.Agent.Health;
using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;
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
    public async Task Work_in_many_lanes_takes_one_place_and_two_that_want_the_same_lanes_never_wait_for_one_another()
    {
        using var lanes = new Lanes();
        string[] keys = [.. Enumerable.Range(0, Lanes.WriteWidth * 2).Select(i => $"lane {i}")];
        var running = 0;
        var all = Enumerable.Range(0, 8).Select(i => lanes.RunAsync(i % 2 == 0 ? keys : keys.Reverse(), async () =>
        {
            var at = Interlocked.Increment(ref running);
            await Task.Yield();
            Interlocked.Decrement(ref running);
            return at;
        }));
        (await Task.WhenAll(all).WaitAsync(TestContext.Current.CancellationToken)).ShouldAllBe(at => at == 1);
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
        lanes.Post(ReadPool.Short, () =>
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

    [Theory]
    [InlineData(nameof(ReadPool.List))]
    [InlineData(nameof(ReadPool.Log))]
    [InlineData(nameof(ReadPool.Files))]
    [InlineData(nameof(ReadPool.Watch))]
    public async Task A_question_is_answered_although_every_place_of_another_kind_of_read_is_taken(string kind)
    {
        using var lanes = new Lanes();
        var release = new TaskCompletionSource();
        for (var i = 0; i < 200; i++)
        {
            lanes.Post(Enum.Parse<ReadPool>(kind), () => release.Task);
        }

        var read = new TaskCompletionSource();
        lanes.Post(ReadPool.Short, () =>
        {
            read.SetResult();
            return Task.CompletedTask;
        });
        await read.Task.WaitAsync(TestContext.Current.CancellationToken);
        release.SetResult();
        await lanes.WhenIdleAsync().WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Places_that_are_all_taken_and_never_given_back_are_told_of_until_one_is()
    {
        var time = new FakeTimeProvider();
        using var lanes = new Lanes(time);
        var (running, one, others) = (0, new TaskCompletionSource(), new TaskCompletionSource());
        for (var i = 0; i < Lanes.ReadWidth; i++)
        {
            var release = i == 0 ? one : others;
            lanes.Post(ReadPool.Short, () =>
            {
                Interlocked.Increment(ref running);
                return release.Task;
            });
        }

        await Retry.UntilAsync("all run", () => Volatile.Read(ref running) == Lanes.ReadWidth, ct: TestContext.Current.CancellationToken);
        time.Advance(Lanes.ReadPatience);
        lanes.Stalls.ShouldBeEmpty();
        time.Advance(TimeSpan.FromSeconds(1));
        lanes.Stalls.ShouldBe(["the 32 places for questions are all taken, and none was given back for 10 min"]);
        HealthAnswer.From(new AgentLoops(time), null, TimeSpan.Zero, stalls: lanes.Stalls).ShouldSatisfyAllConditions(
            answer => answer.Healthy.ShouldBeFalse(),
            answer => answer.Text.ShouldBe("unhealthy: the 32 places for questions are all taken, and none was given back for 10 min"));
        one.SetResult();
        await Retry.UntilAsync("a place is free", () => lanes.Stalls.Count == 0, ct: TestContext.Current.CancellationToken);
        others.SetResult();
        await lanes.WhenIdleAsync().WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_request_that_is_given_up_while_it_waits_for_a_place_tidies_up_at_once()
    {
        using var lanes = new Lanes();
        var release = new TaskCompletionSource();
        for (var i = 0; i < Lanes.ReadWidth; i++)
        {
            lanes.Post(ReadPool.Short, () => release.Task);
        }

        using var leave = new CancellationTokenSource();
        var tidied = new TaskCompletionSource();
        lanes.Post(
            ReadPool.Short,
            () =>
            {
                tidied.SetResult();
                return Task.CompletedTask;
            },
            leave.Token);
        tidied.Task.IsCompleted.ShouldBeFalse();
        await leave.CancelAsync();
        await tidied.Task.WaitAsync(TestContext.Current.CancellationToken);
        release.SetResult();
        await lanes.WhenIdleAsync().WaitAsync(TestContext.Current.CancellationToken);
    }
}
