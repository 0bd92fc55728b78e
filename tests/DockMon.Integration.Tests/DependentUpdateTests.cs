using DockMon.Engine;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>Updates of containers that others share a network with, and updates that meet other work.</summary>
public sealed class DependentUpdateTests : UpdateScene
{
    [Fact]
    public async Task Containers_that_share_its_network_come_along_and_those_that_did_not_run_do_not_start()
    {
        var old = await RunAsync("main", FirstImage);
        await RunAsync("side", FirstImage, "--network", $"container:{old}");
        await RunAsync("idle", FirstImage, "--network", $"container:{old}");
        await Docker.RunAsync(["kill", Name("idle")], Token);
        await UpdateAsync("main", SecondImage);
        var id = (await InspectAsync("main"))["Id"]!.GetValue<string>();
        foreach (var (name, status) in new[] { ("side", "running"), ("idle", "created") })
        {
            var side = await InspectAsync(name);
            side["HostConfig"]!["NetworkMode"]!.GetValue<string>().ShouldBe($"container:{id}");
            side["State"]!["Status"]!.GetValue<string>().ShouldBe(status);
            side["Config"]!["Image"]!.GetValue<string>().ShouldBe(FirstImage);
        }

        await NothingLeftAsync("main");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_hangs_on_it_directly_or_through_another_runs_afterwards_whether_the_new_version_works_or_not(bool works)
    {
        var crash = await Registry.PublishAsync(Docker, "web:crash", ["CMD [\"sh\",\"-c\",\"exit 3\"]"], Token);
        var old = await RunAsync("main", FirstImage);
        var side = await RunAsync("side", FirstImage, "--network", $"container:{old}");
        await RunAsync("far", FirstImage, "--network", $"container:{side}");
        await RunAsync("pid", FirstImage, "--pid", $"container:{old}");
        // This one ends as soon as its network does.
        await RunAsync(
            "frail",
            FirstImage,
            ["--network", $"container:{old}"],
            ["sh", "-c", "while ip addr show eth0 >/dev/null 2>&1; do sleep 0.1; done; exit 3"]);
        if (works)
        {
            await UpdateAsync("main", SecondImage);
        }
        else
        {
            await FailedUpdateAsync("main", crash);
        }

        await Retry.UntilAsync("no update is under way", () => Hosts.Journals().Count == 0, ct: Token);
        var ids = new Dictionary<string, string>();
        foreach (var name in new[] { "main", "side", "far", "pid", "frail" })
        {
            var container = await InspectAsync(name);
            container["State"]!["Status"]!.GetValue<string>().ShouldBe("running", name);
            ids[name] = container["Id"]!.GetValue<string>();
        }

        (ids["main"] != old).ShouldBe(works);
        foreach (var (name, mode, owner) in new[]
        {
            ("side", "NetworkMode", "main"),
            ("far", "NetworkMode", "side"),
            ("pid", "PidMode", "main"),
            ("frail", "NetworkMode", "main")
        })
        {
            (await InspectAsync(name))["HostConfig"]![mode]!.GetValue<string>().ShouldBe($"container:{ids[owner]}", name);
        }

        // Not only by name: it is the network of the one that runs now.
        var address = await Docker.RunAsync(["exec", Name("main"), "ip", "-4", "addr", "show", "eth0"], Token);
        (await Docker.RunAsync(["exec", Name("far"), "ip", "-4", "addr", "show", "eth0"], Token)).ShouldBe(address);
        foreach (var name in ids.Keys)
        {
            await NothingLeftAsync(name);
        }

        await Docker.TryRunAsync(["rmi", crash], Token);
    }

    [Fact]
    public async Task A_container_that_is_started_while_its_successor_is_made_runs_afterwards()
    {
        using var engine = new EngineClient(EngineEndpoint.FromEnvironment(null, null, null), TimeProvider.System);
        // The moment is short, and may be missed on a busy machine: then the next one is tried.
        for (var tries = 1; tries <= 10; tries++)
        {
            var name = $"late{tries}";
            var old = await RunAsync(name, FirstImage);
            await Docker.RunAsync(["stop", "-t", "0", old], Token);
            await StartUpdateAsync(name, SecondImage);
            await KillScene.WatchAsync("the update has begun", () => Hosts.Journals().Count > 0, Token);
            var isStarted = await TryStartAsync(engine, old);
            var inTime = isStarted && Hosts.Journals().Any(journal => !journal.Contains("\"StopBegan\": true", StringComparison.Ordinal));
            await Retry.UntilAsync("no update is under way", () => Hosts.Journals().Count == 0, ct: Token);
            if (inTime)
            {
                var now = await InspectAsync(name);
                now["State"]!["Status"]!.GetValue<string>().ShouldBe("running");
                now["Config"]!["Image"]!.GetValue<string>().ShouldBe(SecondImage);
                await NothingLeftAsync(name);
                return;
            }
        }

        Assert.Fail("The moment was missed each time.");
    }

    [Fact]
    public async Task What_somebody_made_of_an_update_while_the_agent_was_away_is_theirs()
    {
        var old = await RunAsync("main", FirstImage);
        // Something that keeps the update busy between its success and its cleaning up.
        await RunAsync("slow", FirstImage, ["--network", $"container:{old}"], ["sh", "-c", "trap '' TERM; while :; do sleep 0.2; done"]);
        var payload = Payload("main", SecondImage);
        payload["stop_timeout"] = 10;
        await Hosts.CommandAsync("update_container", Token, payload);
        await Retry.UntilAsync("the slow one is being stopped", () => Hosts.Journals().Any(journal => journal.Contains(
            "\"DependentOf\"",
            StringComparison.Ordinal) && journal.Contains("\"StopBegan\": true", StringComparison.Ordinal)), ct: Token);
        Hosts.Agent.Kill();
        await Hosts.Agent.WaitForExitAsync(Token);
        await Docker.RunAsync(["rm", "-f", Name("main")], Token);
        await Docker.RunAsync(["rename", old, Name("main")], Token);
        await Docker.RunAsync(["start", Name("main")], Token);

        Hosts.StartAgent();
        await Retry.UntilAsync("the agent has left it alone", () => Hosts.Journals().Count == 0, ct: Token);
        var now = await InspectAsync("main");
        now["Id"]!.GetValue<string>().ShouldBe(old);
        now["State"]!["Status"]!.GetValue<string>().ShouldBe("running");
        Hosts.Agent.Lines.ShouldContain(line => line.Contains("Somebody else has changed", StringComparison.Ordinal));
        (await InspectAsync("slow"))["State"]!["Status"]!.GetValue<string>().ShouldBe("running");
        await NothingLeftAsync("main");
        await NothingLeftAsync("slow");
    }

    [Fact]
    public async Task A_container_that_comes_along_keeps_its_image_although_the_name_means_another_by_now()
    {
        var moving = $"{Registry.Address}/moving:1";
        await Docker.RunAsync(["tag", FirstImage, moving], Token);
        var old = await RunAsync("main", FirstImage);
        await RunAsync("side", moving, "--network", $"container:{old}");
        var image = (await InspectAsync("side"))["Image"]!.GetValue<string>();
        await Docker.RunAsync(["tag", SecondImage, moving], Token);
        await UpdateAsync("main", SecondImage);
        (await InspectAsync("side"))["Image"]!.GetValue<string>().ShouldBe(image);
        (await InspectAsync("side"))["State"]!["Running"]!.GetValue<bool>().ShouldBeTrue();
        await Docker.RunAsync(["rmi", moving], Token);
    }

    [Fact]
    public async Task A_container_and_one_that_shares_its_network_can_be_updated_at_once()
    {
        var old = await RunAsync("main", FirstImage);
        await RunAsync("side", FirstImage, "--network", $"container:{old}");
        await Task.WhenAll(StartUpdateAsync("side", SecondImage), StartUpdateAsync("main", SecondImage));
        await Retry.UntilAsync(
            "both run the new image",
            async () => (await Docker.RunAsync(["ps", "--filter", $"name={Prefix}", "--format", "{{.Image}}"], Token))
                .Split('\n')
                .Count(image => image == SecondImage) == 2
                && Directory.GetFiles(Path.Combine(Hosts.AgentData, "updates")).Length == 0, ct: Token);
        (await InspectAsync("side"))["HostConfig"]!["NetworkMode"]!.GetValue<string>().ShouldBe($"container:{(await InspectAsync("main"))["Id"]}");
        (await Docker.RunAsync(["exec", Name("side"), "hostname"], Token)).ShouldBe(await Docker.RunAsync(["exec", Name("main"), "hostname"], Token));
        await NothingLeftAsync("main");
        await NothingLeftAsync("side");
    }

    [Fact]
    public async Task A_protected_container_and_a_second_update_are_refused()
    {
        await RunAsync("protected", FirstImage, "--label", "dockmon.agent.protect=true");
        (await Should.ThrowAsync<OperationFailedException>(() => StartUpdateAsync("protected", SecondImage)))
            .Message.ShouldContain("dockmon.agent.protect=true");
        var slow = await RunAsync("slow", FirstImage);
        await StartUpdateAsync("slow", SecondImage);
        (await Should.ThrowAsync<OperationFailedException>(() => StartUpdateAsync(slow, SecondImage))).Message.ShouldContain("already under way");
        await Retry.UntilAsync("no update is under way", () => Directory.GetFiles(Path.Combine(Hosts.AgentData, "updates")).Length == 0, ct: Token);
    }
    /// <returns>Whether it was started; not when the update has removed it by now, or is about to.</returns>
    private static async Task<bool> TryStartAsync(EngineClient engine, string id)
    {
        try
        {
            await engine.StartContainerAsync(id, Token);
            return true;
        }
        catch (EngineException e) when (e.IsMissing || e.Message.Contains("marked for removal", StringComparison.Ordinal))
        {
            return false;
        }
    }
}
