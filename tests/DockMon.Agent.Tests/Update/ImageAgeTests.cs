using DockMon.Agent.Tests.Policies;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Update;

/// <summary>Updates to an image that the host does not know for long enough.</summary>
public sealed class ImageAgeTests : UpdateScene
{
    private static readonly string Old = "sha256:" + new string('a', 64);
    private static readonly string New = "sha256:" + new string('b', 64);

    public ImageAgeTests()
    {
        Docker.HasImage("app:1", Old);
        Docker.HasImage("app:2", Old);
        Docker.Before = line =>
        {
            if (line.StartsWith("POST /images/create", StringComparison.Ordinal))
            {
                Docker.HasImage("app:2", New);
            }

            return Task.CompletedTask;
        };
    }

    [Fact]
    public async Task An_image_waits_from_the_day_it_was_seen_first_and_changes_nothing_until_then()
    {
        var web = Docker.Run("web", "app:1");
        var agent = NewAgent();
        agent.Policies.Use(Gates.Policy("mode: full\nupdates: { min_age: 3d }"));
        await UpdateAsync(agent);
        agent.Frames().ShouldContain(frame => frame.Contains(
            "refused by this host's policy: this host has seen the present image of app:2 first at 2026-11-30 08:00 UTC, and updates to it from "
            + "2026-12-03 08:00 UTC on (updates: min_age 72h)",
            StringComparison.Ordinal));
        Docker.All.ShouldBe(["web running"]);
        Docker.Find("web")!.Id.ShouldBe(web.Id);
        Docker.Requests.Count.ShouldBe(2);
        Docker.Requests[1].ShouldBe($"POST /images/{Uri.EscapeDataString(Old)}/tag?repo=app&tag=2");
        Docker.Image("app:2").ShouldBe(Old);

        agent.Time.Advance(TimeSpan.FromDays(3));
        await UpdateAsync(NewAgent(agent));
        Docker.Find("web")!.ImageId.ShouldBe(New);
    }

    [Fact]
    public async Task The_image_that_the_container_has_need_not_wait()
    {
        Docker.Before = _ => Task.CompletedTask;
        var web = Docker.Run("web", "app:1");
        var agent = NewAgent();
        agent.Policies.Use(Gates.Policy("mode: full\nupdates: { min_age: 3d }"));
        await UpdateAsync(agent);
        Docker.Find("web")!.Id.ShouldNotBe(web.Id);
    }

    [Fact]
    public async Task A_policy_that_is_only_tried_out_lets_it_pass()
    {
        Docker.Run("web", "app:1");
        var agent = NewAgent();
        agent.Policies.Use(Gates.Policy("mode: full\nenforce: false\nupdates: { min_age: 3d }"));
        await UpdateAsync(agent);
        Docker.Find("web")!.ImageId.ShouldBe(New);
    }

    [Fact]
    public async Task An_image_that_came_after_the_judgement_is_not_run()
    {
        var other = "sha256:" + new string('c', 64);
        var web = Docker.Run("web", "app:1");
        var agent = NewAgent();
        agent.Policies.Use(Gates.Policy("mode: full\nupdates: { min_age: 3d }"));
        await UpdateAsync(agent);
        agent.Frames();
        agent.Time.Advance(TimeSpan.FromDays(3));
        var pull = Docker.Before;
        Docker.Before = line =>
        {
            if (line.StartsWith("POST /containers/create", StringComparison.Ordinal))
            {
                Docker.HasImage("app:2", other);
            }

            return pull(line);
        };
        await UpdateAsync(agent);
        agent.Frames().ShouldContain(frame => frame.Contains("from another image than this host's policy has judged", StringComparison.Ordinal));
        Docker.All.ShouldBe(["web running"]);
        Docker.Find("web")!.Id.ShouldBe(web.Id);
    }

    private static async Task UpdateAsync(FakeAgent agent)
    {
        await agent.UpdateAsync("web", Token);
        await agent.UntilEndedAsync(Token);
    }

    /// <summary>The next run of an agent, at the same time and under the same policy.</summary>
    private FakeAgent NewAgent(FakeAgent before)
    {
        var agent = NewAgent();
        agent.Time.Advance(before.Time.GetUtcNow() - agent.Time.GetUtcNow());
        agent.Policies.Use(before.Policies.Current);
        return agent;
    }
}
