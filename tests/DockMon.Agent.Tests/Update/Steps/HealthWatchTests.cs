using DockMon.Agent.Commands;
using DockMon.Agent.Update.Steps;
using DockMon.Engine;
using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Update.Steps;

public sealed class HealthWatchTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("running", 0, null, null, 0, 1, false)]
    [InlineData("running", 0, null, null, 0, 3, true)]
    [InlineData("running", 0, "starting", null, 0, 100, false)]
    [InlineData("running", 0, "healthy", null, 0, 0, true)]
    [InlineData("running", 0, "unhealthy", null, 0, 29, false)]
    [InlineData("paused", 0, "starting", null, 0, 0, true)]
    [InlineData("exited", 0, null, "no", 0, 0, true)]
    [InlineData("exited", 0, null, "on-failure", 0, 0, true)]
    public void A_container_works_or_it_is_not_clear_yet(
        string status,
        int exitCode,
        string? health,
        string? policy,
        int restarts,
        int seconds,
        bool healthy) =>
        Judge(Container(status, exitCode, health, policy, restarts), seconds).ShouldBe(healthy);

    [Theory]
    [InlineData("running", 0, "unhealthy", null, 0, 30, "unhealthy")]
    [InlineData("exited", 0, null, "always", 0, 0, "ended with exit code 0")]
    [InlineData("exited", 3, null, "no", 0, 0, "ended with exit code 3")]
    [InlineData("running", 0, null, "always", 1, 10, "crashes and is restarted")]
    [InlineData("restarting", 3, null, "always", 0, 1, "crashes and is restarted")]
    public void A_container_that_does_not_work_is_told_with_the_reason(
        string status,
        int exitCode,
        string? health,
        string? policy,
        int restarts,
        int seconds,
        string words) =>
        Should.Throw<CommandException>(() => Judge(Container(status, exitCode, health, policy, restarts), seconds)).Message.ShouldContain(words);

    [Fact]
    public async Task A_container_that_was_restarted_long_ago_works_and_a_new_one_that_was_restarted_before_the_first_look_does_not()
    {
        await using var engine = new ScriptedEngine(("/containers/c/json", 200, """{"RestartCount":3,"State":{"Status":"running","Running":true}}"""));
        var time = new FakeTimeProvider();
        var watch = new HealthWatch(engine.Client, time);
        await PassingAsync(time, watch.WaitAsync("c", TimeSpan.FromSeconds(60), isNew: false, Token));
        (await Should.ThrowAsync<CommandException>(() => watch.WaitAsync(
            "c",
            TimeSpan.FromSeconds(60),
            isNew: true,
            Token))).Message.ShouldContain("crashes and is restarted");
    }

    [Fact]
    public async Task A_watch_with_less_time_than_a_stable_container_needs_has_an_answer_all_the_same()
    {
        await using var engine = new ScriptedEngine(("/containers/c/json", 200, """{"State":{"Status":"running","Running":true}}"""));
        var time = new FakeTimeProvider();
        await PassingAsync(time, new HealthWatch(engine.Client, time).WaitAsync("c", TimeSpan.FromSeconds(1), isNew: true, Token));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Lets time pass until something has ended.</summary>
    private static async Task PassingAsync(FakeTimeProvider time, Task task)
    {
        await Retry.UntilAsync(
            "it has ended",
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                return task.IsCompleted;
            },
            ct: Token);
        await task;
    }

    private static bool Judge(ContainerInspection container, int seconds) =>
        HealthWatch.Judge(container, restarts: 0, TimeSpan.FromSeconds(seconds), stable: TimeSpan.FromSeconds(3), Grace);

    private static ContainerInspection Container(string status, int exitCode, string? health, string? policy, int restarts) => new()
    {
        RestartCount = restarts,
        State = new ContainerState
        {
            Status = status,
            Running = status is "running" or "paused",
            Paused = status == "paused",
            Restarting = status == "restarting",
            ExitCode = exitCode,
            Health = health is null ? null : new ContainerHealth { Status = health },
        },
        HostConfig = new ContainerHostConfig { RestartPolicy = new ContainerRestartPolicy { Name = policy ?? "" } },
    };
}
