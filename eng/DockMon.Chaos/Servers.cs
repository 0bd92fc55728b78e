using DockMon.Testing;

namespace DockMon.Chaos;

/// <summary>Three hubs, NATS and PostgreSQL, each a process that can be killed and started again.</summary>
internal sealed class Servers(TemporaryFolder data, Network network) : IAsyncDisposable
{
    public const string AdminKey = "chaos-admin-key-chaos";

    public const int Hubs = 3;

    private readonly ProgramProcess?[] _hubs = new ProgramProcess?[Hubs];
    private NatsServer? _nats;
    private PostgresServer? _postgres;

    public IReadOnlyList<Uri> Addresses { get; } = [.. Enumerable.Range(0, Hubs).Select(hub => new Uri($"http://{network.HubHost(hub)}:{FreePort.Next()}"))];

    public async Task StartAsync(CancellationToken ct)
    {
        using var authority = new TestAuthority();
        _postgres = await PostgresServer.StartAsync(authority, ct, network.PostgresHost);
        _nats = await NatsServer.StartAtAsync(network.NatsHost, ct);
        for (var hub = 0; hub < Hubs; hub++)
        {
            await StartHubAsync(hub, ct);
        }
    }

    public async Task StartHubAsync(int hub, CancellationToken ct)
    {
        var environment = new Dictionary<string, string>
        {
            ["HUB_URLS"] = Addresses[hub].OriginalString,
            ["HUB_DATA"] = data.Path,
            ["HUB_DATABASE"] = _postgres!.Address(PostgresServer.User),
            ["HUB_NATS"] = _nats!.Url,
            ["HUB_ADMIN_KEY"] = AdminKey,
        };
        var process = _hubs[hub] = network.HubNamespace(hub) is { } name ? HubProcess.StartIn(name, environment) : HubProcess.Start(environment);
        await process.WaitForLineAsync("Now listening", ct);
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

    /// <summary>Starts a hub that has ended without being told to.</summary>
    /// <returns>The last lines of those that had.</returns>
    public async Task<IReadOnlyList<string>> RestartEndedHubsAsync(CancellationToken ct)
    {
        var ended = new List<string>();
        for (var hub = 0; hub < Hubs; hub++)
        {
            if (_hubs[hub] is not { HasExited: false })
            {
                ended.Add($"hub {hub + 1} had ended: {_hubs[hub]?.Tail(5)}");
                await StartHubAsync(hub, ct);
            }
        }

        return ended;
    }

    /// <summary>The last lines of a hub.</summary>
    public string Tail(int hub, int lines) => _hubs[hub]?.Tail(lines) ?? "";

    /// <summary>The last lines of each hub.</summary>
    public IEnumerable<string> Tails() => _hubs.Select((_, i) => $"--- hub {i + 1}\n{Tail(i, 15)}");

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
