using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Update;
using DockMon.Engine;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Update;

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
    public void It_works_or_it_is_not_clear_yet(string status, int exitCode, string? health, string? policy, int restarts, int seconds, bool healthy) =>
        HealthWatch.Judge(Container(status, exitCode, health, policy, restarts), TimeSpan.FromSeconds(seconds), Grace).ShouldBe(healthy);

    [Theory]
    [InlineData("running", 0, "unhealthy", null, 0, 30, "unhealthy")]
    [InlineData("exited", 0, null, "always", 0, 0, "ended with exit code 0")]
    [InlineData("exited", 3, null, "no", 0, 0, "ended with exit code 3")]
    [InlineData("running", 0, null, "always", 1, 10, "crashes and is restarted")]
    [InlineData("restarting", 3, null, "always", 0, 1, "crashes and is restarted")]
    public void It_does_not_work(string status, int exitCode, string? health, string? policy, int restarts, int seconds, string words) =>
        Should.Throw<CommandException>(() => HealthWatch.Judge(Container(status, exitCode, health, policy, restarts), TimeSpan.FromSeconds(seconds), Grace)).Message.ShouldContain(words);

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
