using System.Text.Json.Nodes;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>Updates on a real engine, with images from a real registry.</summary>
public sealed class UpdateTests : UpdateScene
{
    [Fact]
    public async Task What_the_user_set_stays_and_what_was_inherited_follows()
    {
        var address = await TestNetwork.CreateAsync(Docker, Prefix + "-a", Token) + ".77";
        await Docker.RunAsync(["network", "create", Prefix + "-b"], Token);
        var old = await RunAsync(
            "web",
            FirstImage,
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
            Prefix + "-a",
            "--ip",
            address,
            "--network-alias",
            "twelve-chars",
            "--add-host", "db:10.0.0.1", "--sysctl", "net.ipv4.ip_unprivileged_port_start=80", "--tmpfs", "/scratch", "-p", "127.0.0.1::81", "-v", "/slash/");
        await Docker.RunAsync(["network", "connect", "--alias", "second-name", Prefix + "-b", old], Token);
        await Docker.RunAsync(["exec", old, "sh", "-c", "echo precious > /anonymous/data; echo mine > /slash/data"], Token);

        await UpdateAsync("web", SecondImage);

        var now = await InspectAsync("web");
        var config = now["Config"]!;
        now["Id"]!.GetValue<string>().ShouldNotBe(old);
        now["State"]!["Status"]!.GetValue<string>().ShouldBe("running");
        config["Image"]!.GetValue<string>().ShouldBe(SecondImage);
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
        networks[Prefix + "-a"]!["IPAddress"]!.GetValue<string>().ShouldBe(address);
        Strings(networks[Prefix + "-a"]!["Aliases"]).ShouldContain("twelve-chars");
        Strings(networks[Prefix + "-a"]!["Aliases"]).ShouldNotContain(old[..12]);
        Strings(networks[Prefix + "-b"]!["Aliases"]).ShouldContain("second-name");
        (await Docker.RunAsync(["exec", Name("web"), "cat", "/anonymous/data", "/slash/data"], Token)).ShouldBe("precious\nmine");
        await NothingLeftAsync("web");
    }

    [Fact]
    public async Task A_command_and_an_entrypoint_that_were_set_stay()
    {
        await RunAsync("cmd", FirstImage, [], ["sleep", "77"]);
        await UpdateAsync("cmd", SecondImage);
        Strings((await InspectAsync("cmd"))["Config"]!["Cmd"]).ShouldBe(["sleep", "77"]);
        (await InspectAsync("cmd"))["Config"]!["Hostname"]!.GetValue<string>().ShouldBe((await InspectAsync("cmd"))["Id"]!.GetValue<string>()[..12]);
    }

    [Fact]
    public async Task Of_a_health_check_what_was_set_stays_and_the_rest_follows()
    {
        async Task<string> PublishAsync(int version) =>
            await Registry.PublishAsync(
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
        await RunAsync("stopped", FirstImage);
        await Docker.RunAsync(["kill", Name("stopped")], Token);
        await UpdateAsync("stopped", SecondImage);
        (await InspectAsync("stopped"))["State"]!["Status"]!.GetValue<string>().ShouldBe("created");

        await RunAsync("paused", FirstImage);
        await Docker.RunAsync(["pause", Name("paused")], Token);
        await UpdateAsync("paused", SecondImage);
        (await InspectAsync("paused"))["State"]!["Status"]!.GetValue<string>().ShouldBe("paused");
        await Docker.RunAsync(["unpause", Name("paused")], Token);
    }

    [Fact]
    public async Task A_container_that_removes_itself_is_updated_with_its_data_and_comes_back_when_that_fails()
    {
        var bad = await Registry.PublishAsync(Docker, "bad:1", ["CMD [\"sh\",\"-c\",\"exit 3\"]", "VOLUME /anonymous"], Token);
        var first = await RunAsync("rm", FirstImage, "--rm");
        await Docker.RunAsync(["exec", first, "sh", "-c", "echo precious > /anonymous/data"], Token);
        (await FailedUpdateAsync("rm", bad)).ShouldContain("the new container ended");
        (await Docker.RunAsync(["exec", Name("rm"), "cat", "/anonymous/data"], Token)).ShouldBe("precious");

        await UpdateAsync("rm", SecondImage);
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
        var bad = await Registry.PublishAsync(Docker, $"bad:{Guid.NewGuid():N}", ["CMD [\"sleep\",\"100\"]", change], Token);
        var old = await RunAsync("fails", FirstImage, "--restart", restart);
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
        var bad = await Registry.PublishAsync(
            Docker,
            "bad:never",
            ["CMD [\"sleep\",\"100\"]", "HEALTHCHECK --interval=1s --start-period=60s CMD [\"false\"]"],
            Token);
        var old = await RunAsync("held", FirstImage, "--restart", "on-failure:7");
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
        var old = await RunAsync("missing", FirstImage);
        (await FailedUpdateAsync("missing", $"{Registry.Address}/nosuch:1")).ShouldContain("not found", Case.Insensitive);
        (await InspectAsync("missing"))["Id"]!.GetValue<string>().ShouldBe(old);
        (await InspectAsync("missing"))["RestartCount"]!.GetValue<int>().ShouldBe(0);
    }

    [Fact]
    public async Task An_image_is_pulled_with_progress_for_its_deployment()
    {
        await Docker.RunAsync(["rmi", "-f", SecondImage], Token);
        await using var feed = await Hosts.Http.GetStreamAsync("/api/stream", Token);
        using var reader = new StreamReader(feed);
        await reader.ReadLineAsync(Token);
        (await Hosts.OperateAsync("pull_image", "", Token, new() { ["image"] = SecondImage, ["deployment_id"] = "d1" }))
            .GetProperty("image")
            .GetString()
            .ShouldBe(SecondImage);
        (await Docker.RunAsync(["image", "inspect", "--format", "{{index .RepoTags 0}}", SecondImage], Token)).ShouldBe(SecondImage);
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
        await RunAsync("private", FirstImage);
        (await FailedUpdateAsync("private", image)).ShouldContain("no basic auth credentials");
        var payload = Payload("private", image);
        payload["registry_auth"] = new JsonObject { ["username"] = LocalRegistry.User, ["password"] = LocalRegistry.Password };
        var (outcome, data) = await Hosts.UpdateAsync(payload, Token);
        outcome.ShouldBe("update_complete", data);
        string.Join('\n', Hosts.Agent.Lines).ShouldNotContain(LocalRegistry.Password);
        await Docker.RunAsync(["rm", "-f", "-v", Name("private")], Token);
        await Docker.RunAsync(["rmi", image], Token);
    }
}
