using System.Globalization;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>For eng/kills: as many kills as are asked for, each while the engine works on a request of the update.</summary>
public sealed class AimedKillTests
{
    [Fact(Explicit = true)]
    public async Task An_agent_that_is_killed_while_a_request_is_under_way_leaves_one_container_with_its_data()
    {
        static int Number(string variable, int otherwise) =>
            int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
        var host = Environment.GetEnvironmentVariable("DOCKMON_KILLS_ENGINE") is { Length: > 0 } engine ? engine : null;
        var points = KillPoint.Aimed(Number("DOCKMON_KILLS", 20), Number("DOCKMON_KILLS_SEED", 1));
        await KillTests.RunAsync(
            $"agent, {host ?? "this machine's engine"}",
            [.. points],
            KillTests.ScenesWithAgent,
            () => KillScene.WithAgentAsync(host, TestContext.Current.CancellationToken));
    }
}
