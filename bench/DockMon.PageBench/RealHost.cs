using System.Globalization;
using DockMon.Bench.Hubs;
using DockMon.Testing;

namespace DockMon.PageBench;

/// <summary>An agent of this machine's engine, and containers there that are removed at the end.</summary>
internal sealed class RealHost : IAsyncDisposable
{
    private readonly TemporaryFolder _data = new();
    private readonly DockerCli _docker = new();
    private readonly TestContainers _containers;
    private readonly HubUnderTest _hub;
    private ProgramProcess? _agent;
    private string _hostId = "";

    public RealHost(HubUnderTest hub) => (_hub, _containers) = (hub, new TestContainers(_docker, "dockmon-page-bench"));

    /// <summary>Starts a container.</summary>
    /// <returns>Its name, and the hub's id of its host.</returns>
    public async Task<(string Name, string HostId)> StartAsync(IReadOnlyList<string> command, CancellationToken ct)
    {
        await TestImage.EnsureOnAsync(_docker, ct);
        var name = _containers.NewName();
        await _containers.RunAsync(command, ct, name: name);
        if (_agent is null)
        {
            using var client = _hub.NewClient();
            var before = await HostsAsync(client, ct);
            _agent = AgentProcess.Start(new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["DOCKMON_URL"] = _hub.Addresses[0].AbsoluteUri.Replace("http", "ws", StringComparison.Ordinal).TrimEnd('/'),
                ["REGISTRATION_TOKEN"] = await _hub.NewTokenAsync(1, ct),
                ["DATA_PATH"] = _data.Path,
                ["AGENT_NAME"] = "real-engine",
            });
            await Retry.UntilAsync("the agent is connected", async () => (await HostsAsync(client, ct)).Except(before).Any(), ct: ct);
            _hostId = (await HostsAsync(client, ct)).Except(before).Single();
        }

        return (name, _hostId);
    }

    public Task StopAsync(string container, CancellationToken ct) => _docker.RunAsync(["kill", container], ct);

    public Task StartAgainAsync(string container, CancellationToken ct) => _docker.RunAsync(["start", container], ct);

    /// <summary>When the engine saw the container end.</summary>
    public async Task<DateTimeOffset> FinishedAtAsync(string container, CancellationToken ct) =>
        DateTimeOffset.Parse(
            (await _docker.RunAsync(["inspect", "--format", "{{.State.FinishedAt}}", container], ct)).Trim(), CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        if (_agent is not null)
        {
            await _agent.DisposeAsync();
        }

        await _containers.DisposeAsync();
        _data.Dispose();
    }

    private static async Task<IReadOnlyList<string>> HostsAsync(HubClient client, CancellationToken ct) =>
        [.. (await client.GetAsync("/api/hosts", ct)).EnumerateArray().Where(host => host.GetProperty("connected").GetBoolean())
            .Select(host => host.GetProperty("id").GetString()!)];
}
