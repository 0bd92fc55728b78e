using DockMon.Testing;

namespace DockMon.Chaos;

/// <summary>Three hubs, NATS and PostgreSQL, each a process that can be killed and started again.</summary>
internal sealed class Servers(TemporaryFolder data) : IAsyncDisposable
{
    public const string AdminKey = "chaos-admin-key-chaos";

    private readonly ProgramProcess?[] _hubs = new ProgramProcess?[3];
    private NatsServer? _nats;
    private PostgresServer? _postgres;

    public IReadOnlyList<int> Ports { get; } = [FreePort.Next(), FreePort.Next(), FreePort.Next()];

    public async Task StartAsync(CancellationToken ct)
    {
        using var authority = new TestAuthority();
        _postgres = await PostgresServer.StartAsync(authority, ct);
        _nats = await NatsServer.StartAsync(ct);
        for (var i = 0; i < _hubs.Length; i++)
        {
            await StartHubAsync(i, ct);
        }
    }

    public async Task StartHubAsync(int hub, CancellationToken ct)
    {
        _hubs[hub] = HubProcess.Start(new Dictionary<string, string>
        {
            ["HUB_URLS"] = $"http://127.0.0.1:{Ports[hub]}",
            ["HUB_DATA"] = data.Path,
            ["HUB_DATABASE"] = _postgres!.Address(PostgresServer.User),
            ["HUB_NATS"] = _nats!.Url,
            ["HUB_ADMIN_KEY"] = AdminKey,
        });
        await _hubs[hub]!.WaitForLineAsync("Now listening", ct);
    }

    public Task KillHubAsync(int hub) => EndAsync(_hubs[hub]!);

    public async Task StopHubAsync(int hub, CancellationToken ct)
    {
        _hubs[hub]!.Terminate();
        await _hubs[hub]!.WaitForExitAsync(ct);
        await _hubs[hub]!.DisposeAsync();
    }

    public void Freeze(int hub) => _hubs[hub]!.Stop();

    public void Thaw(int hub) => _hubs[hub]!.Continue();

    public Task KillNatsAsync() => _nats!.KillAsync();

    public Task StartNatsAsync(CancellationToken ct) => _nats!.StartAgainAsync(ct);

    public Task KillPostgresAsync() => _postgres!.KillAsync();

    public Task StartPostgresAsync(CancellationToken ct) => _postgres!.StartAgainAsync(ct);

    /// <summary>The last lines of each hub.</summary>
    public IEnumerable<string> Tails() => _hubs.Select((hub, i) => $"--- hub {i + 1}\n{hub?.Tail(15)}");

    public async ValueTask DisposeAsync()
    {
        foreach (var hub in _hubs)
        {
            if (hub is { HasExited: false })
            {
                hub.Continue();
                await EndAsync(hub);
            }
        }

        if (_nats is not null)
        {
            await _nats.DisposeAsync();
        }

        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }
    }

    private static async Task EndAsync(ProgramProcess process)
    {
        process.Kill();
        await process.DisposeAsync();
    }
}
