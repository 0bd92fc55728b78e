using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Update;

/// <summary>The machine or the engine is restarted in the middle of an update: what ends with it is not the new version's fault.</summary>
public sealed class RestartTests : UpdateScene
{
    [Theory]
    [InlineData("running", 0)]
    [InlineData("exited", 255)]
    [InlineData("exited", 0)]
    [InlineData("created", 0)]
    public async Task After_a_reboot_the_successor_is_started_and_watched(string status, int exitCode)
    {
        await UntilWatchedAsync(NewAgent(), kill: true);
        var successor = Docker.Find("web")!;
        (successor.Status, successor.ExitCode) = (status, exitCode);

        var agent = RecoveringAgent("another boot");
        await agent.UntilForgottenAsync(Token);
        Docker.All.ShouldBe(["web running"]);
        Docker.Find("web")!.Id.ShouldBe(successor.Id);
        agent.Frames().ShouldContain(frame => frame.Contains("update_complete", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(137)]
    [InlineData(0)]
    public async Task After_an_engine_that_was_restarted_under_the_agent_as_well(int exitCode)
    {
        var agent = NewAgent();
        await UntilWatchedAsync(agent, kill: false);
        var successor = Docker.Find("web")!;
        Docker.Started = "2026-11-30T09:00:00Z";
        (successor.Status, successor.ExitCode) = ("exited", exitCode);
        await agent.UntilForgottenAsync(Token);
        Docker.All.ShouldBe(["web running"]);
        Docker.Find("web")!.Id.ShouldBe(successor.Id);
        agent.Frames().ShouldContain(frame => frame.Contains("update_complete", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("boot", "2026-11-30T09:00:00Z", "the engine was restarted in the middle of the update")]
    [InlineData("another boot", "2026-11-30T09:00:00Z", "the machine was restarted in the middle of the update")]
    [InlineData("boot", "2026-11-30T00:00:00Z", "the agent was restarted in the middle of the update")]
    public async Task A_successor_that_is_lost_by_it_gives_way_and_the_server_hears_the_cause(string bootId, string started, string words)
    {
        await UntilWatchedAsync(NewAgent(), kill: true);
        Docker.Lose(Docker.Find("web")!);
        Docker.Started = started;

        var agent = RecoveringAgent(bootId);
        await agent.UntilForgottenAsync(Token);
        Docker.All.ShouldBe(["web running"]);
        Docker.Find("web")!.ImageId.ShouldBe("sha256:old");
        agent.Frames().ShouldContain(frame => frame.Contains(words, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_container_that_ends_by_itself_gives_way_as_ever()
    {
        var agent = NewAgent();
        await UntilWatchedAsync(agent, kill: false);
        var successor = Docker.Find("web")!;
        (successor.Status, successor.ExitCode) = ("exited", 255);
        await agent.UntilForgottenAsync(Token);
        Docker.Find("web")!.ImageId.ShouldBe("sha256:old");
        agent.Frames().ShouldContain(frame => frame.Contains("the new container ended with exit code 255", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_successor_is_started_again_after_three_restarts_and_not_after_a_fourth()
    {
        var old = Docker.Run("web", "app:1");
        var restarts = 0;
        Docker.Before = line =>
        {
            if (line.StartsWith("GET /containers/", StringComparison.Ordinal) && Docker.Find("web") is { Status: "running", ImageId: "sha256:new" } successor)
            {
                (successor.Status, successor.ExitCode) = ("exited", 255);
                Docker.Started = $"restart {++restarts}";
            }

            return Task.CompletedTask;
        };
        var agent = NewAgent();
        await agent.UpdateAsync("web", Token);
        await agent.UntilForgottenAsync(Token);
        restarts.ShouldBe(4);
        Docker.All.ShouldBe(["web running"]);
        Docker.Find("web")!.Id.ShouldBe(old.Id);
        agent.Frames().ShouldContain(frame => frame.Contains("and the new container is not started again", StringComparison.Ordinal));
    }

    /// <summary>The successor runs, and nobody knows yet whether it works.</summary>
    private async Task UntilWatchedAsync(FakeAgent agent, bool kill)
    {
        Docker.Run("web", "app:1");
        await agent.UpdateAsync("web", Token);
        await agent.UntilAsync("the successor runs", () => Docker.Find("web") is { ImageId: "sha256:new", Status: "running" }, Token, milliseconds: 100);
        if (kill)
        {
            agent.Kill();
        }
    }
}
