using System.Diagnostics;
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
        agent.Lines[^1].ShouldContain(words.Replace("\"", agent.Lines[^1].StartsWith('{') ? "\\\"" : "\"", StringComparison.Ordinal));
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
            new Dictionary<string, string> { ["DOCKMON_URL"] = "ws://127.0.0.1:9", ["REGISTRATION_TOKEN"] = "x", ["DATA_PATH"] = _folder.Path, ["LOG_JSON"] = "false" });
        (await agent.WaitForLineAsync("Cannot connect", Token)).ShouldContain("--group-add");
        agent.Terminate();
        (await agent.WaitForExitAsync(Token)).ShouldBe(0);
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

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync(Token);
        process.ExitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}");
    }
}
