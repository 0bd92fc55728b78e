using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Engine;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>Updates on a real engine, with images from a real registry.</summary>
public sealed class UpdateTests : IAsyncLifetime
{
    private static readonly DockerCli Docker = new();
    private readonly string _prefix = $"dockmon-up-{Guid.NewGuid():N}"[..18];
    private Installation _installation = null!;
    private LocalRegistry _registry = null!;
    private string _v1 = "";
    private string _v2 = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _registry = await LocalRegistry.StartAsync(Token);
        _v1 = await _registry.PublishAsync(
            Docker,
            "web:1",
            ["ENV APP_VERSION=1", "LABEL image.version=1", "CMD [\"sleep\",\"3601\"]", "WORKDIR /one", "VOLUME /anonymous", "EXPOSE 81"],
            Token);
        _v2 = await _registry.PublishAsync(
            Docker,
            "web:2",
            ["ENV APP_VERSION=2", "LABEL image.version=2", "CMD [\"sleep\",\"3602\"]", "WORKDIR /two", "VOLUME /anonymous", "EXPOSE 82"],
            Token);
        _installation = await Installation.StartAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _installation.DisposeAsync();
        var left = await Docker.RunAsync(["ps", "-aq", "--filter", $"name={_prefix}"], CancellationToken.None);
        if (left.Length > 0)
        {
            await Docker.RunAsync(["rm", "-f", "-v", .. left.Split('\n')], CancellationToken.None);
        }

        await Docker.TryRunAsync(["network", "rm", _prefix + "-a", _prefix + "-b"], CancellationToken.None);
        await Docker.TryRunAsync(["rmi", "-f", _v1, _v2], CancellationToken.None);
        await _registry.DisposeAsync();
    }

    [Fact]
    public async Task What_the_user_set_stays_and_what_was_inherited_follows()
    {
        var address = await TestNetwork.CreateAsync(Docker, _prefix + "-a", Token) + ".77";
        await Docker.RunAsync(["network", "create", _prefix + "-b"], Token);
        var old = await RunAsync(
            "web",
            _v1,
            "--hostname",
            "my-host",
            "-e",
            "MINE=1",
            "--label",
            "my.label=x",
            "--restart",
            "unless-stopped",
            "--memory",
            "64m",
            "--cap-add",
            "NET_ADMIN",
            "--ulimit",
            "nofile=512:1024",
            "--init",
            "--log-opt",
            "max-size=1m",
            "--network",
            _prefix + "-a",
            "--ip",
            address,
            "--network-alias",
            "twelve-chars",
            "--add-host", "db:10.0.0.1", "--sysctl", "net.ipv4.ip_unprivileged_port_start=80", "--tmpfs", "/scratch", "-p", "127.0.0.1::81", "-v", "/slash/");
        await Docker.RunAsync(["network", "connect", "--alias", "second-name", _prefix + "-b", old], Token);
        await Docker.RunAsync(["exec", old, "sh", "-c", "echo precious > /anonymous/data; echo mine > /slash/data"], Token);

        await UpdateAsync("web", _v2);

        var now = await InspectAsync("web");
        var config = now["Config"]!;
        now["Id"]!.GetValue<string>().ShouldNotBe(old);
        now["State"]!["Status"]!.GetValue<string>().ShouldBe("running");
        config["Image"]!.GetValue<string>().ShouldBe(_v2);
        config["Hostname"]!.GetValue<string>().ShouldBe("my-host");
        Strings(config["Env"]).ShouldContain("MINE=1");
        Strings(config["Env"]).ShouldContain("APP_VERSION=2");
        Strings(config["Env"]).ShouldNotContain("APP_VERSION=1");
        Strings(config["Cmd"]).ShouldBe(["sleep", "3602"]);
        config["WorkingDir"]!.GetValue<string>().ShouldBe("/two");
        config["Labels"]!.ToJsonString().ShouldBe("""{"image.version":"2","my.label":"x"}""");
        var host = now["HostConfig"]!;
        host["Memory"]!.GetValue<long>().ShouldBe(64 * 1024 * 1024);
        host["RestartPolicy"]!["Name"]!.GetValue<string>().ShouldBe("unless-stopped");
        Strings(host["CapAdd"]).Single().ShouldContain("NET_ADMIN");
        host["Init"]!.GetValue<bool>().ShouldBeTrue();
        host["Ulimits"]!.AsArray().Count.ShouldBe(1);
        host["LogConfig"]!["Config"]!["max-size"]!.GetValue<string>().ShouldBe("1m");
        Strings(host["ExtraHosts"]).ShouldBe(["db:10.0.0.1"]);
        host["Sysctls"]!["net.ipv4.ip_unprivileged_port_start"]!.GetValue<string>().ShouldBe("80");
        host["Tmpfs"]!.AsObject().ContainsKey("/scratch").ShouldBeTrue();
        host["PortBindings"]!.AsObject().ContainsKey("81/tcp").ShouldBeTrue();
        var networks = now["NetworkSettings"]!["Networks"]!;
        networks[_prefix + "-a"]!["IPAddress"]!.GetValue<string>().ShouldBe(address);
        Strings(networks[_prefix + "-a"]!["Aliases"]).ShouldContain("twelve-chars");
        Strings(networks[_prefix + "-a"]!["Aliases"]).ShouldNotContain(old[..12]);
        Strings(networks[_prefix + "-b"]!["Aliases"]).ShouldContain("second-name");
        (await Docker.RunAsync(["exec", Name("web"), "cat", "/anonymous/data", "/slash/data"], Token)).ShouldBe("precious\nmine");
        await NothingLeftAsync("web");
    }

    [Fact]
    public async Task A_command_and_an_entrypoint_that_were_set_stay()
    {
        await RunAsync("cmd", _v1, [], ["sleep", "77"]);
        await UpdateAsync("cmd", _v2);
        Strings((await InspectAsync("cmd"))["Config"]!["Cmd"]).ShouldBe(["sleep", "77"]);
        (await InspectAsync("cmd"))["Config"]!["Hostname"]!.GetValue<string>().ShouldBe((await InspectAsync("cmd"))["Id"]!.GetValue<string>()[..12]);
    }

    [Fact]
    public async Task Of_a_health_check_what_was_set_stays_and_the_rest_follows()
    {
        async Task<string> PublishAsync(int version) =>
            await _registry.PublishAsync(
                Docker,
                $"checked:{version}",
                ["CMD [\"sleep\",\"3600\"]", $"HEALTHCHECK --interval=1s --timeout=1{version}s CMD [\"true\",\"{version}\"]"],
                Token);
        var (first, second) = (await PublishAsync(1), await PublishAsync(2));
        await RunAsync("checked", first, "--health-interval", "2s");
        await UpdateAsync("checked", second);
        var check = (await InspectAsync("checked"))["Config"]!["Healthcheck"]!;
        Strings(check["Test"]).ShouldBe(["CMD", "true", "2"]);
        check["Timeout"]!.GetValue<long>().ShouldBe(12_000_000_000);
        check["Interval"]!.GetValue<long>().ShouldBe(2_000_000_000);
        await Docker.TryRunAsync(["rmi", "-f", first, second], Token);
    }

    [Fact]
    public async Task A_stopped_container_stays_stopped_and_a_paused_one_paused()
    {
        await RunAsync("stopped", _v1);
        await Docker.RunAsync(["kill", Name("stopped")], Token);
        await UpdateAsync("stopped", _v2);
        (await InspectAsync("stopped"))["State"]!["Status"]!.GetValue<string>().ShouldBe("created");

        await RunAsync("paused", _v1);
        await Docker.RunAsync(["pause", Name("paused")], Token);
        await UpdateAsync("paused", _v2);
        (await InspectAsync("paused"))["State"]!["Status"]!.GetValue<string>().ShouldBe("paused");
        await Docker.RunAsync(["unpause", Name("paused")], Token);
    }

    [Fact]
    public async Task A_container_that_removes_itself_is_updated_with_its_data_and_comes_back_when_that_fails()
    {
        var bad = await _registry.PublishAsync(Docker, "bad:1", ["CMD [\"sh\",\"-c\",\"exit 3\"]", "VOLUME /anonymous"], Token);
        var first = await RunAsync("rm", _v1, "--rm");
        await Docker.RunAsync(["exec", first, "sh", "-c", "echo precious > /anonymous/data"], Token);
        (await FailedUpdateAsync("rm", bad)).ShouldContain("the new container ended");
        (await Docker.RunAsync(["exec", Name("rm"), "cat", "/anonymous/data"], Token)).ShouldBe("precious");

        await UpdateAsync("rm", _v2);
        (await Docker.RunAsync(["exec", Name("rm"), "cat", "/anonymous/data"], Token)).ShouldBe("precious");
        (await InspectAsync("rm"))["HostConfig"]!["AutoRemove"]!.GetValue<bool>().ShouldBeTrue();
        await NothingLeftAsync("rm");
    }

    [Theory]
    [InlineData("CMD [\"sh\",\"-c\",\"exit 3\"]", "no", "ended with exit code 3")]
    [InlineData("CMD [\"sh\",\"-c\",\"exit 3\"]", "always", "crashes and is restarted")]
    [InlineData("CMD [\"/no/such/program\"]", "no", "failed to start the new container")]
    [InlineData("HEALTHCHECK --interval=1s --retries=1 CMD [\"false\"]", "no", "healthy")]
    public async Task A_successor_that_does_not_work_gives_way_to_the_old_container(string change, string restart, string words)
    {
        var bad = await _registry.PublishAsync(Docker, $"bad:{Guid.NewGuid():N}", ["CMD [\"sleep\",\"100\"]", change], Token);
        var old = await RunAsync("fails", _v1, "--restart", restart);
        (await FailedUpdateAsync("fails", bad, healthTimeout: 8)).ShouldContain(words);
        var now = await InspectAsync("fails");
        now["Id"]!.GetValue<string>().ShouldBe(old);
        now["State"]!["Running"]!.GetValue<bool>().ShouldBeTrue();
        now["HostConfig"]!["RestartPolicy"]!["Name"]!.GetValue<string>().ShouldBe(restart);
        await NothingLeftAsync("fails");
        await Docker.TryRunAsync(["rmi", "-f", bad], Token);
    }

    [Fact]
    public async Task While_the_successor_is_watched_no_restart_of_the_daemon_would_start_the_old_container()
    {
        var bad = await _registry.PublishAsync(
            Docker,
            "bad:never",
            ["CMD [\"sleep\",\"100\"]", "HEALTHCHECK --interval=1s --start-period=60s CMD [\"false\"]"],
            Token);
        var old = await RunAsync("held", _v1, "--restart", "on-failure:7");
        var update = FailedUpdateAsync("held", bad, healthTimeout: 10);
        async Task<string> PolicyAsync() => await Docker.RunAsync(
            ["inspect", "--format", "{{.State.Running}} {{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}", old],
            Token);
        await Retry.UntilAsync("the old container is held", async () => await PolicyAsync() == "false no 0", ct: Token);
        (await update).ShouldContain("did not become healthy");
        (await PolicyAsync()).ShouldBe("true on-failure 7");
        await Docker.TryRunAsync(["rmi", "-f", bad], Token);
    }

    [Fact]
    public async Task An_image_that_is_not_there_leaves_the_container_alone()
    {
        var old = await RunAsync("missing", _v1);
        (await FailedUpdateAsync("missing", $"{_registry.Address}/nosuch:1")).ShouldContain("not found", Case.Insensitive);
        (await InspectAsync("missing"))["Id"]!.GetValue<string>().ShouldBe(old);
        (await InspectAsync("missing"))["RestartCount"]!.GetValue<int>().ShouldBe(0);
    }

    [Fact]
    public async Task An_image_is_pulled_with_progress_for_its_deployment()
    {
        await Docker.RunAsync(["rmi", "-f", _v2], Token);
        await using var feed = await _installation.Http.GetStreamAsync("/api/stream", Token);
        using var reader = new StreamReader(feed);
        await reader.ReadLineAsync(Token);
        (await _installation.OperateAsync("pull_image", "", Token, new() { ["image"] = _v2, ["deployment_id"] = "d1" }))
            .GetProperty("image")
            .GetString()
            .ShouldBe(_v2);
        (await Docker.RunAsync(["image", "inspect", "--format", "{{index .RepoTags 0}}", _v2], Token)).ShouldBe(_v2);
        string? line;
        do
        {
            line = await reader.ReadLineAsync(Token);
        }
        while (line != "event: deploy_progress");
        (await reader.ReadLineAsync(Token))!.ShouldContain("\"stage\":\"pulling_image\"");
    }

    [Fact]
    public async Task A_registry_that_wants_a_password_gets_the_one_of_the_request()
    {
        await using var registry = await LocalRegistry.StartAsync(Token, wantsPassword: true);
        var image = await registry.PublishAsync(Docker, "private:1", ["CMD [\"sleep\",\"3603\"]"], Token);
        await Docker.RunAsync(["rmi", image], Token);
        await RunAsync("private", _v1);
        (await FailedUpdateAsync("private", image)).ShouldContain("no basic auth credentials");
        var payload = Payload("private", image);
        payload["registry_auth"] = new JsonObject { ["username"] = LocalRegistry.User, ["password"] = LocalRegistry.Password };
        var (outcome, data) = await _installation.UpdateAsync(payload, Token);
        outcome.ShouldBe("update_complete", data);
        string.Join('\n', _installation.Agent.Lines).ShouldNotContain(LocalRegistry.Password);
        await Docker.RunAsync(["rm", "-f", "-v", Name("private")], Token);
        await Docker.RunAsync(["rmi", image], Token);
    }

    [Fact]
    public async Task Containers_that_share_its_network_come_along_and_those_that_did_not_run_do_not_start()
    {
        var old = await RunAsync("main", _v1);
        await RunAsync("side", _v1, "--network", $"container:{old}");
        await RunAsync("idle", _v1, "--network", $"container:{old}");
        await Docker.RunAsync(["kill", Name("idle")], Token);
        await UpdateAsync("main", _v2);
        var id = (await InspectAsync("main"))["Id"]!.GetValue<string>();
        foreach (var (name, status) in new[] { ("side", "running"), ("idle", "created") })
        {
            var side = await InspectAsync(name);
            side["HostConfig"]!["NetworkMode"]!.GetValue<string>().ShouldBe($"container:{id}");
            side["State"]!["Status"]!.GetValue<string>().ShouldBe(status);
            side["Config"]!["Image"]!.GetValue<string>().ShouldBe(_v1);
        }

        await NothingLeftAsync("main");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_hangs_on_it_directly_or_through_another_runs_afterwards_whether_the_new_version_works_or_not(bool works)
    {
        var crash = await _registry.PublishAsync(Docker, "web:crash", ["CMD [\"sh\",\"-c\",\"exit 3\"]"], Token);
        var old = await RunAsync("main", _v1);
        var side = await RunAsync("side", _v1, "--network", $"container:{old}");
        await RunAsync("far", _v1, "--network", $"container:{side}");
        await RunAsync("pid", _v1, "--pid", $"container:{old}");
        // This one ends as soon as its network does.
        await RunAsync("frail", _v1, ["--network", $"container:{old}"], ["sh", "-c", "while ip addr show eth0 >/dev/null 2>&1; do sleep 0.1; done; exit 3"]);
        if (works)
        {
            await UpdateAsync("main", _v2);
        }
        else
        {
            await FailedUpdateAsync("main", crash);
        }

        await Retry.UntilAsync("no update is under way", () => _installation.Journals().Count == 0, ct: Token);
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
            var old = await RunAsync(name, _v1);
            await Docker.RunAsync(["stop", "-t", "0", old], Token);
            await StartUpdateAsync(name, _v2);
            await KillScene.WatchAsync("the update has begun", () => _installation.Journals().Count > 0, Token);
            await engine.StartContainerAsync(old, Token);
            var inTime = _installation.Journals().Any(journal => !journal.Contains("\"StopBegan\": true", StringComparison.Ordinal));
            await Retry.UntilAsync("no update is under way", () => _installation.Journals().Count == 0, ct: Token);
            if (inTime)
            {
                var now = await InspectAsync(name);
                now["State"]!["Status"]!.GetValue<string>().ShouldBe("running");
                now["Config"]!["Image"]!.GetValue<string>().ShouldBe(_v2);
                await NothingLeftAsync(name);
                return;
            }
        }

        Assert.Fail("The moment was missed each time.");
    }

    [Fact]
    public async Task What_somebody_made_of_an_update_while_the_agent_was_away_is_theirs()
    {
        var old = await RunAsync("main", _v1);
        // Something that keeps the update busy between its success and its cleaning up.
        await RunAsync("slow", _v1, ["--network", $"container:{old}"], ["sh", "-c", "trap '' TERM; while :; do sleep 0.2; done"]);
        var payload = Payload("main", _v2);
        payload["stop_timeout"] = 10;
        await _installation.CommandAsync("update_container", Token, payload);
        await Retry.UntilAsync("the slow one is being stopped", () => _installation.Journals().Any(journal => journal.Contains(
            "\"DependentOf\"",
            StringComparison.Ordinal) && journal.Contains("\"StopBegan\": true", StringComparison.Ordinal)), ct: Token);
        _installation.Agent.Kill();
        await _installation.Agent.WaitForExitAsync(Token);
        await Docker.RunAsync(["rm", "-f", Name("main")], Token);
        await Docker.RunAsync(["rename", old, Name("main")], Token);
        await Docker.RunAsync(["start", Name("main")], Token);

        _installation.StartAgent();
        await Retry.UntilAsync("the agent has left it alone", () => _installation.Journals().Count == 0, ct: Token);
        var now = await InspectAsync("main");
        now["Id"]!.GetValue<string>().ShouldBe(old);
        now["State"]!["Status"]!.GetValue<string>().ShouldBe("running");
        _installation.Agent.Lines.ShouldContain(line => line.Contains("Somebody else has changed", StringComparison.Ordinal));
        (await InspectAsync("slow"))["State"]!["Status"]!.GetValue<string>().ShouldBe("running");
        await NothingLeftAsync("main");
        await NothingLeftAsync("slow");
    }

    [Fact]
    public async Task A_container_that_comes_along_keeps_its_image_although_the_name_means_another_by_now()
    {
        var moving = $"{_registry.Address}/moving:1";
        await Docker.RunAsync(["tag", _v1, moving], Token);
        var old = await RunAsync("main", _v1);
        await RunAsync("side", moving, "--network", $"container:{old}");
        var image = (await InspectAsync("side"))["Image"]!.GetValue<string>();
        await Docker.RunAsync(["tag", _v2, moving], Token);
        await UpdateAsync("main", _v2);
        (await InspectAsync("side"))["Image"]!.GetValue<string>().ShouldBe(image);
        (await InspectAsync("side"))["State"]!["Running"]!.GetValue<bool>().ShouldBeTrue();
        await Docker.RunAsync(["rmi", moving], Token);
    }

    [Fact]
    public async Task A_container_and_one_that_shares_its_network_can_be_updated_at_once()
    {
        var old = await RunAsync("main", _v1);
        await RunAsync("side", _v1, "--network", $"container:{old}");
        await Task.WhenAll(StartUpdateAsync("side", _v2), StartUpdateAsync("main", _v2));
        await Retry.UntilAsync(
            "both run the new image",
            async () => (await Docker.RunAsync(["ps", "--filter", $"name={_prefix}", "--format", "{{.Image}}"], Token))
                .Split('\n')
                .Count(image => image == _v2) == 2
                && Directory.GetFiles(Path.Combine(_installation.AgentData, "updates")).Length == 0, ct: Token);
        (await InspectAsync("side"))["HostConfig"]!["NetworkMode"]!.GetValue<string>().ShouldBe($"container:{(await InspectAsync("main"))["Id"]}");
        (await Docker.RunAsync(["exec", Name("side"), "hostname"], Token)).ShouldBe(await Docker.RunAsync(["exec", Name("main"), "hostname"], Token));
        await NothingLeftAsync("main");
        await NothingLeftAsync("side");
    }

    [Fact]
    public async Task A_protected_container_and_a_second_update_are_refused()
    {
        await RunAsync("protected", _v1, "--label", "dockmon.agent.protect=true");
        (await Should.ThrowAsync<OperationFailedException>(() => StartUpdateAsync("protected", _v2))).Message.ShouldContain("dockmon.agent.protect=true");
        var slow = await RunAsync("slow", _v1);
        await StartUpdateAsync("slow", _v2);
        (await Should.ThrowAsync<OperationFailedException>(() => StartUpdateAsync(slow, _v2))).Message.ShouldContain("already under way");
        await Retry.UntilAsync("no update is under way", () => Directory.GetFiles(Path.Combine(_installation.AgentData, "updates")).Length == 0, ct: Token);
    }

    private string Name(string name) => $"{_prefix}-{name}";

    private Task<string> RunAsync(string name, string image, params string[] options) => RunAsync(name, image, options, []);

    private static IEnumerable<string> Strings(JsonNode? array) => array?.AsArray().Select(item => item!.GetValue<string>()) ?? [];

    private async Task<string> RunAsync(string name, string image, string[] options, string[] command) =>
        await Docker.RunAsync(["run", "-d", "--stop-timeout", "1", "--name", Name(name), .. options, image, .. command], Token);

    private async Task<JsonObject> InspectAsync(string name) =>
        JsonNode.Parse(await Docker.RunAsync(["inspect", "--format", "{{json .}}", Name(name)], Token))!.AsObject();

    private async Task NothingLeftAsync(string name) =>
        (await Docker.RunAsync(["ps", "-a", "--filter", $"name={Name(name)}-dockmon", "--format", "{{.Names}}"], Token)).ShouldBeEmpty();

    private JsonObject Payload(string name, string image, int healthTimeout = 30) =>
        new()
        {
            ["container_id"] = name.Length == 64 ? name[..12] : Name(name),
            ["new_image"] = image,
            ["stop_timeout"] = 1,
            ["health_timeout"] = healthTimeout
        };

    private Task<JsonElement> StartUpdateAsync(string name, string image) => _installation.CommandAsync("update_container", Token, Payload(name, image));

    private async Task UpdateAsync(string name, string image)
    {
        var (outcome, data) = await _installation.UpdateAsync(Payload(name, image), Token);
        outcome.ShouldBe("update_complete", data);
    }

    private async Task<string> FailedUpdateAsync(string name, string image, int healthTimeout = 30)
    {
        var (outcome, data) = await _installation.UpdateAsync(Payload(name, image, healthTimeout), Token);
        outcome.ShouldBe("update_progress", data);
        return data;
    }

}
