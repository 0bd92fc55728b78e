using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

public sealed class CommandLineTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_container_is_found_read_followed_and_stopped_from_the_command_line()
    {
        await using var installation = await Installation.StartAsync(Token);
        using var home = new TemporaryFolder();
        await using var containers = new TestContainers(new DockerCli(), "dockmon-cli");
        var name = containers.NewName();
        await containers.RunAsync(["sh", "-c", "i=0; while sleep 0.2; do i=$((i+1)); echo line $i; done"], Token, name: name);
        var environment = new Dictionary<string, string>
        {
            ["HOME"] = home.Path,
            ["DOCKMON_HUB"] = installation.Http.BaseAddress!.ToString(),
            ["DOCKMON_TOKEN"] = installation.Http.DefaultRequestHeaders.Authorization!.Parameter!,
        };
        await Retry.UntilAsync("dockmon ps has it", () => HasAsync(environment, name), ct: Token);
        (await RunAsync(environment, "hosts")).ShouldContain(line => line.Contains("connected", StringComparison.Ordinal));

        await using (var logs = CliProcess.Start(environment, "logs", "-f", name))
        {
            await logs.WaitForLineAsync("line 3", Token);
            await logs.WaitForLineAsync("line 20", Token);
            logs.Lines.Count(line => line == "line 3").ShouldBe(1);
            logs.Terminate();
            (await logs.WaitForExitAsync(Token)).ShouldBe(130);
        }

        (await RunAsync(environment, "stop", "--timeout", "0", name)).ShouldBe([name]);
        await Retry.UntilAsync("dockmon ps has it no more", async () => !await HasAsync(environment, name), ct: Token);
        (await RunAsync(environment, "ps", "-a", "-q", name)).ShouldContain(line => line.Contains("Exited", StringComparison.Ordinal));
    }

    private static async Task<bool> HasAsync(Dictionary<string, string> environment, string name) =>
        (await RunAsync(environment, "ps")).Any(line => line.Contains(name, StringComparison.Ordinal));

    private static async Task<IReadOnlyList<string>> RunAsync(Dictionary<string, string> environment, params string[] arguments)
    {
        await using var program = CliProcess.Start(environment, arguments);
        (await program.WaitForExitAsync(Token)).ShouldBe(0, program.Tail());
        return program.Lines;
    }
}
