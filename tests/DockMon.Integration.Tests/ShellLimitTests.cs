using System.Globalization;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>How many shells a host has at once, and what is left of them: on an engine where nothing else happens, as connections are counted.</summary>
public sealed class ShellLimitTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Twenty_at_once_are_the_limit_and_every_file_is_closed_again()
    {
        await using var engine = await PrivateEngine.StartAsync(Token);
        await using var installation = await Installation.StartAsync(
            Token, engine.Host, new Dictionary<string, string> { ["STATS_INTERVAL"] = "0" });
        await using var containers = new TestContainers(engine.Docker, "dockmon-shells");
        var container = await containers.RunAsync([], Token);
        await using (var warm = await OpenAsync())
        {
            await warm.WriteAsync("exit\n", Token);
            await warm.WaitForCloseAsync(Token);
        }

        var before = Sockets();
        var shells = new List<ShellClient>();
        try
        {
            for (var i = 0; i < 20; i++)
            {
                shells.Add(await OpenAsync());
                await shells[i].WriteAsync("echo rea''dy\n", Token);
                await shells[i].WaitForAsync("ready", Token);
            }

            await using (var refused = await OpenAsync())
            {
                (await refused.WaitForCloseAsync(Token)).ShouldBe("failed to start shell: 20 shells are open on this host already");
            }

            Sockets().ShouldBeGreaterThanOrEqualTo(20);
        }
        finally
        {
            foreach (var shell in shells)
            {
                await shell.DisposeAsync();
            }
        }

        await Retry.UntilAsync(
            "only the container's own processes run",
            async () => (await engine.Docker.RunAsync(["top", container, "-eo", "pid,args"], Token)).Split('\n').Length == 3,
            ct: Token);

        // A few connections to the engine stay for its next request; a leak would be one for each shell.
        await Retry.UntilAsync("the files are closed", () => Sockets() <= before + 10, TimeSpan.FromMinutes(3), Token);

        Task<ShellClient> OpenAsync() => ShellClient.OpenAsync(installation, container, Token);

        int Sockets() => Directory.GetFiles(string.Create(CultureInfo.InvariantCulture, $"/proc/{installation.Agent.Id}/fd"))
            .Count(file => new FileInfo(file).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) is true);
    }
}
