using System.Text.Json.Nodes;
using DockMon.Agent.Commands;
using DockMon.Agent.Policies.Hiding;
using DockMon.Agent.Tests.Policies;
using DockMon.Agent.Tests.Streams.Stats;
using DockMon.Agent.Update;
using DockMon.Agent.Update.Steps;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Update;

/// <summary>What is promised, what is refused, and what else is done in the same lanes.</summary>
public sealed class UpdateRequestTests : UpdateScene
{
    [Fact]
    public async Task What_was_promised_and_not_begun_when_the_agent_died_is_told_by_the_next_one()
    {
        Docker.Run("web", "app:1");
        Docker.Hold(line => line.StartsWith("POST /images/create", StringComparison.Ordinal));
        var first = NewAgent();
        (await first.UpdateAsync("web", Token)).ShouldContain("update_started");
        await Docker.Arrived.WaitAsync(Token);
        first.Kill();

        var second = RecoveringAgent();
        second.Frames().Single().ShouldContain("interrupted before anything was changed");
        var third = RecoveringAgent();
        third.Frames().ShouldBeEmpty();
        Docker.All.ShouldBe(["web running"]);
    }

    [Fact]
    public async Task What_cannot_be_written_down_is_not_promised()
    {
        Docker.Run("web", "app:1");
        var agent = NewAgent();
        var folder = Path.Combine(DataPath, "updates", "accepted");
        Directory.Delete(folder);
        await File.WriteAllTextAsync(folder, "", Token);
        (await Should.ThrowAsync<CommandException>(() => agent.UpdateAsync("web", Token))).Message.ShouldContain("cannot write to");

        File.Delete(folder);
        await agent.UpdateAsync("web", Token);
        await agent.UntilEndedAsync(Token);
        Docker.Find("web")!.ImageId.ShouldBe("sha256:new");
    }

    [Fact]
    public async Task A_dependent_that_the_policy_lets_nobody_update_keeps_its_owner_from_being_updated()
    {
        var web = Docker.Run("web", "app:1");
        Docker.Run("side", "app:1", SharedWith(web));
        var agent = NewAgent();
        agent.Policies.Use(Gates.Policy("mode: full\ncontainers: [{ match: { name: side }, allow: [restart] }]"));
        await agent.UpdateAsync(web.Id, Token);
        await agent.UntilEndedAsync(Token);
        agent.Frames().ShouldContain(frame => frame.Contains("update_container is not allowed on side (containers[0] name=side)"));
        Docker.Find("web")!.Id.ShouldBe(web.Id);
        Docker.Find("web")!.Status.ShouldBe("running");
    }

    [Theory]
    [InlineData("yes", false)]
    [InlineData("no", true)]
    public async Task An_image_whose_label_would_bring_the_container_under_another_rule_stops_nothing(string value, bool updated)
    {
        var web = Docker.Run("web", "app:1", labels: new JsonObject { ["protected"] = "yes" });
        Docker.ImageLabels["sha256:new"] = new JsonObject { ["protected"] = value };
        var agent = NewAgent();
        agent.Policies.Use(Gates.Policy("mode: full\ncontainers: [{ match: { label: protected=yes }, deny: [stop] }]"));
        await agent.UpdateAsync("web", Token);
        await agent.UntilEndedAsync(Token);
        agent.Frames().Any(frame => frame.Contains("update_container would bring web under other rules", StringComparison.Ordinal)).ShouldBe(!updated);
        (Docker.Find("web")!.Id != web.Id).ShouldBe(updated);
        Docker.Requests.Any(request => request.Contains("/containers/", StringComparison.Ordinal)).ShouldBe(updated);
    }

    [Fact]
    public async Task An_operation_on_a_dependent_waits_until_it_has_come_along()
    {
        var web = Docker.Run("web", "app:1");
        var side = Docker.Run("side", "app:1", SharedWith(web));
        Docker.Hold(line => line.Contains("/start", StringComparison.Ordinal));
        var agent = NewAgent();
        await agent.UpdateAsync("web", Token);
        await agent.UntilAsync("the successor is started", () => Docker.Arrived.IsCompleted, Token);

        var seen = "";
        var operation = agent.Lanes.RunAsync(UpdateCommand.LaneOf(side.Id), () =>
        {
            seen = Docker.Find("side")!.NetworkMode;
            return Task.FromResult(true);
        });
        Docker.Release();
        await agent.UntilAsync("the operation was done", () => operation.IsCompleted, Token);
        seen.ShouldBe("container:" + Docker.Find("web")!.Id);
        await agent.UntilForgottenAsync(Token);
    }

    [Fact]
    public async Task A_dependent_that_is_updated_while_it_comes_along_is_updated_by_its_new_id_and_not_called_unchanged()
    {
        var web = Docker.Run("web", "app:1");
        var side = Docker.Run("side", "app:1", SharedWith(web));
        Docker.Hold(line => line.Contains("/start", StringComparison.Ordinal));
        var agent = NewAgent();
        await agent.UpdateAsync("web", Token);
        await agent.UntilAsync("the successor is started", () => Docker.Arrived.IsCompleted, Token);
        await agent.UpdateAsync("side", Token);

        var (reached, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        Docker.Before = line =>
        {
            if (!line.StartsWith("POST /containers/create?name=side-dockmon-new", StringComparison.Ordinal)
                || line.Contains(side.Id[..12], StringComparison.Ordinal))
            {
                return Task.CompletedTask;
            }

            reached.SetResult();
            return goOn.Task;
        };
        Docker.Release();
        await agent.UntilAsync("its successor is created", () => reached.Task.IsCompleted, Token);
        (await Should.ThrowAsync<CommandException>(() => agent.UpdateAsync(Docker.Find("side")!.Id, Token))).Message.ShouldContain("already under way");
        agent.Stop();
        goOn.SetResult();
        await agent.WhenEndedAsync();
        agent.Frames().ShouldNotContain(frame => frame.Contains("\"failed\"", StringComparison.Ordinal));
        agent.Store.Read().Single().Name.ShouldBe("side");
    }

    [Fact]
    public async Task A_container_is_protected_by_its_own_label_and_not_by_its_images()
    {
        var label = new JsonObject { [Protection.Label] = "true" };
        var web = Docker.Run("web", "app:1", labels: label);
        var agent = NewAgent();
        (await Should.ThrowAsync<CommandException>(() => agent.UpdateAsync("web", Token))).Message.ShouldContain("it is protected by its label");

        Docker.ImageLabels["sha256:old"] = label.DeepClone().AsObject();
        await agent.UpdateAsync("web", Token);
        await agent.UntilForgottenAsync(Token);
        Docker.Find("web")!.Id.ShouldNotBe(web.Id);
    }

    [Fact]
    public async Task A_container_that_others_hang_on_is_not_updated_when_one_of_those_is_protected()
    {
        var web = Docker.Run("web", "app:1");
        Docker.Run("side", "app:1", SharedWith(web), new JsonObject { [Protection.Label] = "true" });
        var agent = NewAgent();
        await agent.UpdateAsync("web", Token);
        await agent.UntilEndedAsync(Token);
        agent.Frames().ShouldContain(frame => frame.Contains(
            "side has a namespace from it, would have to be recreated, and is protected by its label",
            StringComparison.Ordinal));
        Docker.Find("web")!.Id.ShouldBe(web.Id);
    }

    [Fact]
    public async Task A_container_that_cannot_be_looked_at_is_told_of_and_hinders_nobody()
    {
        var web = Docker.Run("web", "app:1");
        var odd = Docker.Run("odd", "app:1");
        Docker.Before = line => line == $"GET /containers/{odd.Id}/json" ? throw new IOException("the engine drops the connection") : Task.CompletedTask;
        var agent = NewAgent();
        await agent.UpdateAsync("web", Token);
        await agent.UntilForgottenAsync(Token);
        agent.Frames().ShouldContain(frame => frame.Contains("Not looked at, for the engine does not tell of them: odd (", StringComparison.Ordinal));
        Docker.Find("web")!.Id.ShouldNotBe(web.Id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_inspection_that_hangs_costs_ten_seconds_and_what_the_list_tells_is_used(bool depends)
    {
        var web = Docker.Run("web", "app:1");
        var odd = Docker.Run("odd", "app:1", depends ? SharedWith(web) : null);
        Docker.Run("side", "app:1", SharedWith(web));
        var (seen, all, hangs) = (0, new TaskCompletionSource(), new TaskCompletionSource());
        Docker.Before = line =>
        {
            if (!line.StartsWith("GET /containers/0", StringComparison.Ordinal))
            {
                return Task.CompletedTask;
            }

            Interlocked.Increment(ref seen);
            return line == $"GET /containers/{odd.Id}/json" ? hangs.Task : all.Task;
        };
        var time = new CountingTime();
        var engine = Docker.Connect(time).Client;
        var find = new DependentFinder(engine, HiddenContainers.None, time).FindAsync(web.Id, Token);
        await Retry.UntilAsync("all were asked for", () => Volatile.Read(ref seen) == 3, ct: Token);
        var waiting = time.Timers;
        all.SetResult();
        // Answered, and the answers read: of the three, one still has a time limit.
        await Retry.UntilAsync("the others are known", () => time.Timers == waiting / 3, ct: Token);
        time.Advance(TimeSpan.FromSeconds(9));
        find.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(1));

        var found = await find;
        found.Unseen.Single().ShouldStartWith("odd (timeout: ");
        found.Dependents.Select(dependent => dependent.Name).ShouldBe(depends ? ["odd", "side"] : ["side"]);
        (found.Refusal is not null).ShouldBe(depends);
        hangs.SetResult();
    }
}
