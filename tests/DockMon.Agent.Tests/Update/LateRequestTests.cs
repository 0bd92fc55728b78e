using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Update;

/// <summary>
/// The agent dies while the engine works on one of its requests, and that takes effect only after the next agent has looked: one case for each row of
/// docs/recovery.md. Whatever it is, in the end each container is there once, as it was or as it is to be, and nothing else.
/// </summary>
public sealed class LateRequestTests : UpdateScene
{
    /// <summary>Requests on the container that is updated: what is held, and whether recovery meets it (else it takes effect when recovery is over).</summary>
    [Theory]
    [InlineData("POST /containers/create", false)]
    [InlineData("POST /networks/two/connect", false)]
    [InlineData("POST /containers/OLD/stop", true)]
    [InlineData("POST /containers/OLD/update", false)]
    [InlineData("POST /containers/OLD/rename", false)]
    [InlineData("POST /containers/NEW/rename", false)]
    [InlineData("POST /containers/NEW/start", false)]
    [InlineData("DELETE /containers/OLD", false)]
    public async Task One_container_is_left_as_it_was_or_as_it_is_to_be(string request, bool meets)
    {
        Docker.Run("web", "app:1", RestartedAlways(), labels: null, "one", "two");
        await DieAndRecoverAsync(request, meets);

        Docker.All.ShouldBe(["web running"]);
        var web = Docker.Find("web")!;
        web.Policy.ShouldBe("always");
        web.Networks.ShouldBe(["one", "two"], ignoreOrder: true);
    }

    /// <summary>The way back: the successor ends at once.</summary>
    [Theory]
    [InlineData("DELETE /containers/NEW", true)]
    [InlineData("POST /containers/OLD/rename?name=web", false)]
    [InlineData("POST /containers/OLD/update", false)]
    [InlineData("POST /containers/OLD/start", false)]
    public async Task A_way_back_leaves_the_old_container(string request, bool meets)
    {
        var old = Docker.Run("web", "app:1", RestartedAlways(), labels: null, "one");
        CrashSuccessor(old);
        await DieAndRecoverAsync(request, meets, after: "/start");

        Docker.All.ShouldBe(["web running"]);
        Docker.Find("web")!.Id.ShouldBe(old.Id);
        old.Policy.ShouldBe("always");
    }

    /// <summary>One that removes itself when it stops is made again on the way back.</summary>
    [Theory]
    [InlineData("POST /containers/create?name=web-dockmon-old", true)]
    [InlineData("POST /networks/two/connect", false)]
    [InlineData("POST /containers/MADE/rename?name=web", false)]
    [InlineData("POST /containers/MADE/start", false)]
    public async Task A_container_that_was_removed_is_made_again_once(string request, bool meets)
    {
        var old = Docker.Run("web", "app:1", new JsonObject { ["AutoRemove"] = true }, labels: null, "one", "two");
        CrashSuccessor(old);
        await DieAndRecoverAsync(request, meets, after: "name=web-dockmon-old");

        Docker.All.ShouldBe(["web running"]);
        var web = Docker.Find("web")!;
        web.ImageId.ShouldBe("sha256:old");
        web.Body["Image"]!.GetValue<string>().ShouldBe("app:1");
        web.Networks.ShouldBe(["one", "two"], ignoreOrder: true);
    }

    /// <summary>Requests on a container that has its network from the one that is updated.</summary>
    [Theory]
    [InlineData("POST /containers/create?name=side", true)]
    [InlineData("POST /containers/SIDE/stop", true)]
    [InlineData("POST /containers/SIDE/update", false)]
    [InlineData("POST /containers/SIDE/rename", false)]
    [InlineData("POST /containers/NEWSIDE/rename", false)]
    [InlineData("POST /containers/NEWSIDE/start", false)]
    [InlineData("DELETE /containers/SIDE", false)]
    public async Task A_dependent_comes_along_once(string request, bool meets)
    {
        var old = Docker.Run("web", "app:1", RestartedAlways());
        Docker.Run("side", "app:1", new JsonObject { ["NetworkMode"] = $"container:{old.Id}", ["RestartPolicy"] = new JsonObject { ["Name"] = "always" } });
        await DieAndRecoverAsync(request, meets);

        Docker.All.ShouldBe(["side running", "web running"]);
        Docker.Find("web")!.ImageId.ShouldBe("sha256:new");
        var now = Docker.Find("side")!;
        now.NetworkMode.ShouldBe("container:" + Docker.Find("web")!.Id);
        now.Policy.ShouldBe("always");
    }

    [Fact]
    public async Task A_container_that_was_paused_is_paused()
    {
        Docker.Run("web", "app:1", RestartedAlways()).Paused = true;
        await DieAndRecoverAsync("POST /containers/NEW/pause", meets: false);
        Docker.All.ShouldBe(["web paused"]);
        Docker.Find("web")!.ImageId.ShouldBe("sha256:new");
    }

    [Fact]
    public async Task A_dependent_that_is_restarted_on_the_way_back_is_restarted_by_the_next_agent()
    {
        var old = Docker.Run("web", "app:1", RestartedAlways());
        var side = Docker.Run("side", "app:1", new JsonObject { ["NetworkMode"] = $"container:{old.Id}" });
        CrashSuccessor(old);
        await DieAndRecoverAsync("POST /containers/SIDE/restart", meets: false);

        Docker.All.ShouldBe(["side running", "web running"]);
        Docker.Requests.Count(line => line.StartsWith($"POST /containers/{side.Id}/restart", StringComparison.Ordinal)).ShouldBe(2);
    }

    [Fact]
    public async Task A_power_cut_that_undoes_the_removal_of_the_old_container_is_made_good_by_the_next_start()
    {
        var old = Docker.Run("web", "app:1");
        var first = NewAgent();
        await first.UpdateAsync("web", Token);
        await first.UntilEndedAsync(Token);
        first.Kill();
        Docker.All.ShouldBe(["web running"]);
        Docker.Restore(old);
        Docker.All.Count.ShouldBe(2);

        var second = RecoveringAgent();
        await second.UntilForgottenAsync(Token);
        Docker.All.ShouldBe(["web running"]);
        Docker.Find("web")!.ImageId.ShouldBe("sha256:new");
        second.Frames().ShouldNotContain(frame => frame.Contains("update_complete", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_left_of_an_update_does_not_disturb_the_next_one_of_the_same_container()
    {
        var old = Docker.Run("web", "app:1", RestartedAlways());
        CrashSuccessor(old);
        var agent = NewAgent();
        await agent.UpdateAsync("web", Token);
        await agent.UntilEndedAsync(Token);
        agent.Store.Ended().Count.ShouldBe(1);
        Docker.Before = _ => Task.CompletedTask;

        await agent.UpdateAsync("web", Token);
        await agent.UntilForgottenAsync(Token);
        Docker.All.ShouldBe(["web running"]);
        Docker.Find("web")!.ImageId.ShouldBe("sha256:new");
    }

    /// <summary>
    /// An update whose agent dies while a request is under way; the next agent looks, the request takes effect, and everything is waited for.
    /// </summary>
    /// <param name="request">How the request begins, with OLD, NEW, MADE (again), SIDE or NEWSIDE for the container.</param>
    /// <param name="meets">Whether the next agent meets the request; else it takes effect when that one is done.</param>
    /// <param name="after">Only a request after one that has this in it.</param>
    private async Task DieAndRecoverAsync(string request, bool meets, string after = "")
    {
        var reached = false;
        Docker.Hold(line => (reached |= line.Contains(after, StringComparison.Ordinal)) && WithRole(line).StartsWith(request, StringComparison.Ordinal));
        var first = NewAgent();
        await first.UpdateAsync("web", Token);
        await first.UntilAsync($"{request} is under way", () => Docker.Arrived.IsCompleted, Token);
        first.Kill();

        var second = RecoveringAgent();
        await (meets ? second.UntilAsync("the next agent meets the request", () => Docker.Met > 0, Token) : second.UntilEndedAsync(Token));
        Docker.Release();
        await second.UntilForgottenAsync(Token);
    }

    /// <summary>A request with what the container is to the update in the place of its id.</summary>
    private string WithRole(string line)
    {
        if (line.Split('/', '?') is not [_, "containers", var id, ..] || id == "create" || Docker.Find(id) is not { } container)
        {
            return line;
        }

        var isSide = container.Name.StartsWith("side", StringComparison.Ordinal);
        var isFirst = id.StartsWith(isSide ? "000000000002" : "000000000001", StringComparison.Ordinal);
        return line.Replace(id, (isSide, isFirst) switch { (true, true) =>
            "SIDE", (true, false) => "NEWSIDE", (false, true) => "OLD", _ => container.ImageId == "sha256:old" ? "MADE" : "NEW" }, StringComparison.Ordinal);
    }
}
