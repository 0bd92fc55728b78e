using System.Text.Json;
using DockMon.Engine;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>The image that packaging/Dockerfile makes, started as the documents say.</summary>
public sealed class ImageTests : IAsyncLifetime
{
    private static readonly DockerCli Docker = new();

    private readonly string _name = $"dockmon-image-{Guid.NewGuid():N}"[..24];
    private HubForContainers _hub = null!;
    private string _image = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static uint SocketGroup => FileStatus.Read("/var/run/docker.sock")!.Group;

    public async ValueTask InitializeAsync()
    {
        _image = Environment.GetEnvironmentVariable("DOCKMON_AGENT_IMAGE") ?? "";
        Assert.SkipWhen(_image.Length == 0, "DOCKMON_AGENT_IMAGE names no image of the agent; ./test builds one.");
        _hub = await HubForContainers.StartAsync(Docker, Token);
    }

    /// <summary>How else the documents say it can be started, and whether it is then root that gives itself up.</summary>
    public static TheoryData<string, bool> Options => new()
    {
        { "", true },
        { "--read-only", true },
        { "--read-only --security-opt no-new-privileges --cap-drop ALL --cap-add CHOWN --cap-add SETGID --cap-add SETUID", true },
        { "--read-only --security-opt no-new-privileges --cap-drop ALL --user 64321:64321 --group-add GROUP", false },
    };

    [Theory]
    [MemberData(nameof(Options))]
    public async Task The_documented_line_registers_a_user_that_is_not_root(string options, bool asRoot)
    {
        await RunAsync(options.Replace("GROUP", $"{SocketGroup}", StringComparison.Ordinal));
        await RegisteredAsync();

        var status = await File.ReadAllTextAsync($"/proc/{await InspectAsync("{{.State.Pid}}")}/status", Token);
        status.ShouldContain("\nUid:\t64321\t64321\t64321\t64321\n");
        status.ShouldContain("\nGid:\t64321\t64321\t64321\t64321\n");
        status.ShouldContain($"\nGroups:\t{SocketGroup} ");
        status.ShouldContain("\nCapEff:\t0000000000000000\n");
        (await Docker.RunAsync(["logs", _name], Token)).Contains($"now user 64321 in group {SocketGroup}", StringComparison.Ordinal).ShouldBe(asRoot);

        // It says goodbye and ends by itself, long before Docker would kill it.
        await Docker.RunAsync(["stop", "--time", "60", _name], Token);
        (await InspectAsync("{{.State.ExitCode}}")).ShouldBe("0");
    }

    [Fact]
    public async Task A_volume_that_a_root_agent_left_is_taken_over()
    {
        await Docker.RunAsync(
            ["run", "--rm", "-v", $"{_name}:/data", TestImage.Name, "sh", "-c", "mkdir /data/updates && chmod 700 /data /data/updates && chown -R 0:0 /data"],
            Token);
        await RunAsync("--read-only");
        await RegisteredAsync();
        (await OwnersAsync("/data", "/data/updates", "/data/permanent_token")).ShouldBe(["64321", "64321", "64321"]);
    }

    [Fact]
    public async Task A_volume_of_an_earlier_image_is_given_to_the_user_of_this_one_and_the_way_back_is_told()
    {
        await BelongsToEarlierUserAsync();
        await RunAsync("--read-only");
        await RegisteredAsync();
        (await LogAsync()).ShouldContain("of user 1000, that of earlier images, in /data");
        (await OwnersAsync("/data", "/data/updates", "/data/updates/ended", "/data/permanent_token")).ShouldAllBe(owner => owner == "64321");

        // As an earlier image starts it, and as one that is told so does.
        await RemoveAgentAsync();
        await RunAsync("-e AGENT_USER=1000 --restart no");
        await Retry.UntilAsync(
            "it says why not",
            async () => (await LogAsync()).Contains("user id 1000 has no permission", StringComparison.Ordinal),
            ct: Token);
        await RemoveAgentAsync();
        await RunAsync("-e AGENT_USER=64321");
        await RegisteredAsync();
    }

    [Fact]
    public async Task A_volume_of_an_earlier_image_that_cannot_be_changed_keeps_its_user()
    {
        await BelongsToEarlierUserAsync();
        await RunAsync("", readOnlyData: true);
        await RegisteredAsync();
        (await LogAsync()).ShouldContain("/data cannot be given to another user here: Read-only file system");
        (await File.ReadAllTextAsync($"/proc/{await InspectAsync("{{.State.Pid}}")}/status", Token)).ShouldContain("\nUid:\t1000\t1000\t1000\t1000\n");
        (await OwnersAsync("/data", "/data/permanent_token")).ShouldBe(["1000", "1000"]);

        // Who asks from inside asks as that user.
        var (_, output, _) = await Docker.TryRunAsync(["exec", _name, "dockmon-agent", "doctor", "--json"], Token);
        output.ShouldContain("checks run as the owner of the data directory: now user 1000");
    }

    [Fact]
    public async Task The_container_comes_back_with_its_token_after_a_restart()
    {
        await RunAsync("");
        await RegisteredAsync();
        await Docker.RunAsync(["stop", _name], Token);
        await Retry.UntilAsync("the agent is gone", async () => await _hub.ConnectedAsync(Token) == 0, ct: Token);
        await Docker.RunAsync(["start", _name], Token);
        // Its token of the environment is spent.
        await RegisteredAsync();
    }

    [Fact]
    public async Task A_policy_that_is_mounted_read_only_holds_and_is_read_again()
    {
        using var folder = new TemporaryFolder();
        void Write(string policy)
        {
            File.Move(folder.Write("policy.new", policy), folder.File("policy.yaml"), overwrite: true);
            File.SetUnixFileMode(folder.File("policy.yaml"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }

        Write("mode: observe\n");
        await Docker.RunAsync(["run", "--rm", "-v", $"{folder.Path}:/policy", TestImage.Name, "chmod", "755", "/policy"], Token);
        await RunAsync($"--read-only -v {folder.Path}:/etc/dockmon-agent:ro");
        await RegisteredAsync();
        (await Should.ThrowAsync<InvalidOperationException>(() => _hub.CommandAsync("create_volume", new() { ["name"] = _name + "-made" }, Token)))
            .Message.ShouldContain("refused by this host's policy: create_volume is not allowed (mode: observe)");
        (await Docker.TryRunAsync(["volume", "inspect", _name + "-made"], Token)).ExitCode.ShouldBe(1);
        var (_, doctor, _) = await Docker.TryRunAsync(["exec", _name, "dockmon-agent", "doctor", "--json"], Token);
        doctor.ShouldContain("/etc/dockmon-agent/policy.yaml: mode observe");

        Write("mode: full\n");
        await Docker.RunAsync(["kill", "-s", "HUP", _name], Token);
        await Retry.UntilAsync("it was read again", async () => (await LogAsync()).Contains("The policy was read again", StringComparison.Ordinal), ct: Token);
        // It connects again, to tell the server what it can do now.
        await Retry.UntilAsync("it makes volumes", async () => (await Record.ExceptionAsync(
            () => _hub.CommandAsync("create_volume", new() { ["name"] = _name + "-made" }, Token))) is null, ct: Token);
        await Docker.RunAsync(["volume", "rm", _name + "-made"], Token);
    }

    [Fact]
    public async Task Root_is_kept_where_that_is_said()
    {
        // The volume is the image's user's: root without capabilities has no way into it.
        await RunAsync("-e AGENT_USER=0");
        await Retry.UntilAsync(
            "it says what root needs",
            async () => (await Docker.RunAsync(["logs", _name], Token)).Contains("--cap-add DAC_OVERRIDE", StringComparison.Ordinal),
            ct: Token);
        await Docker.RunAsync(["rm", "-f", _name], Token);

        await RunAsync("-e AGENT_USER=0 --cap-add DAC_OVERRIDE");
        await RegisteredAsync();
        (await File.ReadAllTextAsync($"/proc/{await InspectAsync("{{.State.Pid}}")}/status", Token)).ShouldContain("\nUid:\t0\t0\t0\t0\n");
    }

    [Fact]
    public async Task The_documented_compose_file_registers_it()
    {
        var compose = Path.Combine(Repository.Root, "artifacts/tools/compose/docker-compose");
        Assert.SkipUnless(File.Exists(compose), "There is no docker compose here.");
        var environment = new Dictionary<string, string>
        {
            ["DOCKMON_URL"] = _hub.Url,
            ["REGISTRATION_TOKEN"] = await _hub.NewTokenAsync(Token),
            ["DOCKMON_AGENT_IMAGE"] = _image,
            ["DOCKMON_AGENT_NAME"] = _name,
        };
        string[] project = ["-p", _name, "-f", Path.Combine(Repository.Root, "packaging/compose.yaml")];
        try
        {
            await using var up = ProgramProcess.Start(compose, [.. project, "up", "-d"], environment);
            (await up.WaitForExitAsync(Token)).ShouldBe(0, up.Tail());
            await RegisteredAsync();
            await Retry.UntilAsync(
                "it reads the kernel",
                async () => (await Docker.RunAsync(["logs", _name], Token)).Contains("come from the kernel", StringComparison.Ordinal),
                ct: Token);

            // It is part of the project and hangs on its network, and takes neither away from under itself.
            (await Should.ThrowAsync<InvalidOperationException>(() => _hub.CommandAsync(
                "deploy_compose",
                new() { ["deployment_id"] = "1", ["project_name"] = _name, ["action"] = "down" },
                Token)))
                .Message.ShouldContain($"the agent's own container {_name} is part of it");
            (await Should.ThrowAsync<InvalidOperationException>(() => _hub.CommandAsync(
                "delete_network",
                new() { ["network_id"] = _name + "_default", ["force"] = true },
                Token)))
                .Message.ShouldContain($"the agent's own container {_name} is connected to it");
        }
        finally
        {
            await using var down = ProgramProcess.Start(compose, [.. project, "down", "-v"], environment);
            (await down.WaitForExitAsync(CancellationToken.None)).ShouldBe(0, down.Tail());
        }
    }

    [Fact]
    public async Task Its_health_check_finds_it_healthy()
    {
        var (code, _, error) = await Docker.TryRunAsync(["run", "--rm", _image, "health"], Token);
        Assert.SkipWhen(code == 2, $"this build has no verb health: {error}");
        await RunAsync("--read-only --health-interval 1s");
        await Retry.UntilAsync("it is healthy", async () => await InspectAsync("{{.State.Health.Status}}") == "healthy", ct: Token);
    }

    [Fact]
    public async Task The_documented_doctor_examines_it_from_inside()
    {
        await RunAsync("");
        await RegisteredAsync();
        var (code, output, error) = await Docker.TryRunAsync(["exec", _name, "dockmon-agent", "doctor", "--json"], Token);
        code.ShouldBe(0, output + error);
        var checks = JsonDocument.Parse(output).RootElement
            .GetProperty("checks")
            .EnumerateArray()
            .ToDictionary(check => check.GetProperty("name").GetString()!, check => check.GetProperty("status").GetString());
        foreach (var name in new[] { "configuration", "websocket", "token", "socket", "engine", "container", "data", "volume" })
        {
            checks[name].ShouldBe("ok", name + output);
        }
    }

    [Fact]
    public async Task The_image_says_what_it_is_how_it_is_stopped_and_how_it_is_judged()
    {
        var image = JsonDocument.Parse(await Docker.RunAsync(["image", "inspect", _image], Token)).RootElement[0];
        var config = image.GetProperty("Config");
        Words(config.GetProperty("Entrypoint")).ShouldBe(["/app/dockmon-agent"]);
        config.GetProperty("StopSignal").GetString().ShouldBe("SIGTERM");
        Words(config.GetProperty("Healthcheck").GetProperty("Test")).ShouldBe(["CMD", "/app/dockmon-agent", "health"]);
        config.GetProperty("Volumes").TryGetProperty("/data", out _).ShouldBeTrue();
        var labels = config.GetProperty("Labels");
        labels.GetProperty("org.opencontainers.image.version").GetString().ShouldBe(await Docker.RunAsync(["run", "--rm", _image, "version"], Token));
        labels.GetProperty("org.opencontainers.image.licenses").GetString().ShouldBe("Apache-2.0");
        labels.GetProperty("org.opencontainers.image.revision").GetString()!.ShouldMatch("^[0-9a-f]{40}$");
        foreach (var name in new[] { "title", "description", "source" })
        {
            labels.GetProperty("org.opencontainers.image." + name).GetString().ShouldNotBeNullOrEmpty();
        }

        TestContext.Current.SendDiagnosticMessage(
            $"image {image.GetProperty("Size").GetInt64() / 1e6:0.0} MB, program {new FileInfo(AgentProcess.Path).Length / 1e6:0.0} MB");
    }

    public async ValueTask DisposeAsync()
    {
        if (_hub is not null)
        {
            await Docker.TryRunAsync(["rm", "-f", "-v", _name], CancellationToken.None);
            await Docker.TryRunAsync(["volume", "rm", _name], CancellationToken.None);
            await _hub.DisposeAsync();
        }
    }

    private static IEnumerable<string> Words(JsonElement list) => list.EnumerateArray().Select(word => word.GetString()!);

    /// <summary>Registers an agent with the user of earlier images, and removes it but for its volume.</summary>
    private async Task BelongsToEarlierUserAsync()
    {
        // Not empty, or the volume would get the owner that the image has it with.
        await Docker.RunAsync(
            ["run", "--rm", "-v", $"{_name}:/data", TestImage.Name, "sh", "-c", "mkdir -m 700 /data/updates && chown -R 1000:1000 /data"],
            Token);
        await RunAsync("-e AGENT_USER=1000");
        await RegisteredAsync();
        await Retry.UntilAsync(
            "its token is kept",
            async () => (await OwnersAsync("/data/permanent_token", "/data/updates/ended")).SequenceEqual(["1000", "1000"]),
            ct: Token);
        await RemoveAgentAsync();
    }

    private async Task RemoveAgentAsync()
    {
        await Docker.RunAsync(["rm", "-f", _name], Token);
        await Retry.UntilAsync("the agent is gone", async () => await _hub.ConnectedAsync(Token) == 0, ct: Token);
    }

    /// <summary>Whose files of the volume are, as Docker's own root sees them.</summary>
    private async Task<string[]> OwnersAsync(params string[] paths)
    {
        var (_, output, _) = await Docker.TryRunAsync(["run", "--rm", "-v", $"{_name}:/data", TestImage.Name, "stat", "-c", "%u", .. paths], Token);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private Task<string> LogAsync() => Docker.RunAsync(["logs", _name], Token);

    private Task RegisteredAsync() => Retry.UntilAsync("the agent is connected", async () => await _hub.ConnectedAsync(Token) == 1, ct: Token);

    private Task<string> InspectAsync(string format) => Docker.RunAsync(["inspect", "--format", format, _name], Token);

    /// <summary>Runs the line of the documents, with this test's names in place of theirs.</summary>
    private async Task RunAsync(string options, bool readOnlyData = false)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "installation.md"), Token);
        var line = text[text.IndexOf("docker run -d \\\n", StringComparison.Ordinal)..];
        line = line[..line.IndexOf("\n\n", StringComparison.Ordinal)];
        string[] words = [.. line.Replace("\\\n", " ", StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        words[^1].ShouldContain("/dockmon-agent-dotnet:");
        var token = await _hub.NewTokenAsync(Token);
        string[] arguments =
        [
            .. words[1..^1].Select(word => word
                .Replace("wss://your-dockmon-instance.com", _hub.Url, StringComparison.Ordinal)
                .Replace("your-token-here", token, StringComparison.Ordinal)
                .Replace("dockmon-agent-data:/data", $"{_name}:/data{(readOnlyData ? ":ro" : "")}", StringComparison.Ordinal)),
        ];
        arguments[Array.IndexOf(arguments, "--name") + 1] = _name;
        await Docker.RunAsync([.. arguments, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), _image], Token);
    }
}
