using System.Diagnostics;
using DockMon.Engine;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>What is wrong with a set-up is said in one line, with the remedy. All of it needs root, as the suite has.</summary>
public sealed class StartTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("DOCKMON_URL", "", "DOCKMON_URL is not set")]
    [InlineData("RECONNECT_MAX", "soon", "RECONNECT_MAX is \"soon\"")]
    [InlineData("DOCKER_HOST", "ssh://host", "DOCKER_HOST")]
    [InlineData("REGISTRATION_TOKEN", "", "REGISTRATION_TOKEN is not set")]
    public async Task A_wrong_setting_stops_the_start_with_one_line_that_names_it(string name, string value, string words)
    {
        await using var agent = Start(_folder.Path, (name, value));
        (await agent.WaitForExitAsync(Token)).ShouldBe(1);
        agent.Lines.Count(line => line.Contains("error", StringComparison.Ordinal) || line.Contains("ERR", StringComparison.Ordinal)).ShouldBe(1);
        agent.Lines[^1].ShouldContain(words);
    }

    [Fact]
    public async Task An_agent_that_is_registered_starts_on_a_full_disk_and_says_so()
    {
        await using var disk = await SmallDisk.MountAsync(_folder.Path, Token);
        await using var installation = await Installation.StartAsync(Token, environment: new Dictionary<string, string> { ["DATA_PATH"] = disk.Path });
        // The hub knows of the connection first: the token is kept when the agent does, too.
        await installation.Agent.WaitForLineAsync("Connected to ", Token);
        installation.Agent.Terminate();
        await installation.Agent.WaitForExitAsync(Token);
        disk.Fill();
        installation.StartAgent();
        await installation.WaitForAgentAsync(Token);
        installation.Agent.Lines.ShouldContain(line => line.Contains("the disk is full", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_agent_whose_token_is_given_goes_on_where_nothing_can_be_written_and_says_what_it_does_without()
    {
        var file = Path.Combine(_folder.Path, "file");
        await File.WriteAllTextAsync(file, "", Token);
        await using var agent = Start(Path.Combine(file, "data"), ("REGISTRATION_TOKEN", ""), ("PERMANENT_TOKEN", "known"));
        await agent.WaitForLineAsync("Cannot connect", Token);
        agent.Lines.Count(line => line.Contains("The agent goes on", StringComparison.Ordinal)).ShouldBe(1);
        agent.HasExited.ShouldBeFalse();
        agent.Terminate();
        (await agent.WaitForExitAsync(Token)).ShouldBe(0, agent.Tail());
    }

    [Theory]
    [InlineData("size=4k", "the disk is full")]
    [InlineData("size=1m,ro", "read-only")]
    public async Task A_data_path_that_is_full_or_read_only_stops_the_start_before_the_token_is_spent(string options, string words)
    {
        var data = Directory.CreateDirectory(Path.Combine(_folder.Path, "data")).FullName;
        await RunAsync("mount", "-t", "tmpfs", "-o", options, "tmpfs", data);
        try
        {
            if (!options.Contains("ro", StringComparison.Ordinal))
            {
                await File.WriteAllBytesAsync(Path.Combine(data, "filler"), new byte[4096], Token);
            }

            await using var agent = Start(data);
            (await agent.WaitForExitAsync(Token)).ShouldBe(1);
            agent.Lines.Single().ShouldContain("cannot be written");
            agent.Lines.Single().ShouldContain(words);
        }
        finally
        {
            await RunAsync("umount", data);
        }
    }

    [Fact]
    public async Task A_socket_that_is_missing_is_said_with_the_remedy_and_waited_for()
    {
        await using var agent = Start(_folder.Path, ("DOCKER_HOST", $"unix://{_folder.Path}/docker.sock"));
        (await agent.WaitForLineAsync("Cannot connect", Token)).ShouldContain("there is no such socket; mount it into the container (-v ");
        agent.HasExited.ShouldBeFalse();
        agent.Terminate();
        (await agent.WaitForExitAsync(Token)).ShouldBe(0);
    }

    [Fact]
    public async Task A_socket_that_may_not_be_opened_is_said_with_the_group_to_add()
    {
        // The program and its data have to be readable for another user than root.
        var program = Path.Combine(_folder.Path, "dockmon-agent");
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(AgentProcess.Path)!))
        {
            File.Copy(file, Path.Combine(_folder.Path, Path.GetFileName(file)));
        }

        await RunAsync("chown", "-R", "1000:1000", _folder.Path);
        await using var agent = ProgramProcess.Start(
            "setpriv",
            ["--reuid=1000", "--regid=1000", "--clear-groups", program],
            new Dictionary<string, string>
            {
                ["DOCKMON_URL"] = "ws://127.0.0.1:9",
                ["REGISTRATION_TOKEN"] = "x",
                ["DATA_PATH"] = _folder.Path,
                ["LOG_JSON"] = "false"
            });
        var group = FileStatus.Read(EngineEndpoint.SocketOf(Environment.GetEnvironmentVariable("DOCKER_HOST"))!)!.Group;
        (await agent.WaitForLineAsync("Cannot connect", Token)).ShouldContain($"(docker run --group-add {group})");
        agent.Terminate();
        (await agent.WaitForExitAsync(Token)).ShouldBe(0);
    }

    [Fact]
    public async Task A_proxys_password_stays_out_of_the_log()
    {
        await using var proxy = await WrongServer.StartAsync(status: 403);
        await using var agent = Start(_folder.Path, ("DOCKMON_URL", "wss://dockmon.invalid"), ("HTTPS_PROXY", $"http://user:very-secret@{proxy.Authority}"));
        (await agent.WaitForLineAsync("Cannot connect", Token)).ShouldContain($"proxy 'http://{proxy.Authority}/' failed with status code '403'");
        agent.Lines.ShouldNotContain(line => line.Contains("very-secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Root_becomes_the_user_it_is_told_in_the_group_of_the_socket_and_takes_its_data_along()
    {
        var stack = Directory.CreateDirectory(Path.Combine(_folder.Path, "stacks", "web")).FullName;
        await File.WriteAllTextAsync(Path.Combine(stack, "docker-compose.yml"), "services: {}", Token);
        var database = Directory.CreateDirectory(Path.Combine(stack, "database")).FullName;
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "link"), "/etc/passwd");

        await using var installation = await Installation.StartAsync(
            Token,
            environment: new Dictionary<string, string> { ["AGENT_USER"] = "1000", ["DATA_PATH"] = _folder.Path });
        var group = FileStatus.Read(EngineEndpoint.SocketOf(Environment.GetEnvironmentVariable("DOCKER_HOST"))!)!.Group;

        foreach (var thread in Directory.GetDirectories($"/proc/{installation.Agent.Id}/task"))
        {
            var status = await File.ReadAllTextAsync(Path.Combine(thread, "status"), Token);
            status.ShouldContain("\nUid:\t1000\t1000\t1000\t1000\n");
            status.ShouldContain("\nGid:\t1000\t1000\t1000\t1000\n");
            status.ShouldContain($"\nGroups:\t{group} \n");
            status.ShouldContain("\nCapEff:\t0000000000000000\n");
        }

        Owner(_folder.Path).ShouldBe(1000u);
        await Retry.UntilAsync("its token is kept", () => Owner(Path.Combine(_folder.Path, "permanent_token")) == 1000, ct: Token);
        Owner(Path.Combine(stack, "docker-compose.yml")).ShouldBe(1000u);
        // What containers keep below their stack is theirs, and a link is not what it leads to.
        Owner(database).ShouldBe(0u);
        Owner("/etc/passwd").ShouldBe(0u);
    }

    [Fact]
    public async Task Root_that_may_not_become_another_user_is_told_how_to_start_instead()
    {
        await using var agent = ProgramProcess.Start(
            "setpriv",
            ["--bounding-set=-setuid,-setgid", AgentProcess.Path],
            new Dictionary<string, string>
            {
                ["AGENT_USER"] = "1000",
                ["DOCKMON_URL"] = "ws://127.0.0.1:9",
                ["REGISTRATION_TOKEN"] = "x",
                ["DATA_PATH"] = _folder.Path
            });
        (await agent.WaitForExitAsync(Token)).ShouldBe(1);
        agent.Lines.Single().ShouldContain("docker run --user 1000");
    }

    [Theory]
    [InlineData("--help", 0, "usage: dockmon-agent [run | ")]
    [InlineData("frobnicate", 2, "dockmon-agent: what is \"frobnicate\"?")]
    public async Task What_it_can_be_told_is_said(string word, int exitCode, string line)
    {
        await using var agent = ProgramProcess.Start(AgentProcess.Path, [word], new Dictionary<string, string>());
        (await agent.WaitForExitAsync(Token)).ShouldBe(exitCode);
        agent.Lines[0].ShouldStartWith(line);
        agent.Lines[^1].ShouldContain("docs/configuration.md");
    }

    public void Dispose() => _folder.Dispose();

    private static ProgramProcess Start(string data, params (string Name, string Value)[] changes)
    {
        var environment = new Dictionary<string, string>
        {
            ["DOCKMON_URL"] = "ws://127.0.0.1:9",
            ["REGISTRATION_TOKEN"] = "x",
            ["DATA_PATH"] = data,
            ["LOG_JSON"] = "false",
        };
        foreach (var (name, value) in changes)
        {
            environment[name] = value;
        }

        return AgentProcess.Start(environment);
    }

    private static uint Owner(string path) => FileStatus.Read(path)!.User;

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync(Token);
        process.ExitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}");
    }
}
