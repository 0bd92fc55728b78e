using System.Globalization;
using DockMon.Testing;

namespace DockMon.Chaos;

/// <summary>Three hubs, NATS and PostgreSQL, each a process that can be killed and started again.</summary>
internal sealed class Servers(TemporaryFolder data, string programs, string cluster) : IAsyncDisposable
{
    public const string AdminKey = "chaos-admin-key-chaos";

    private readonly ProgramProcess?[] _hubs = new ProgramProcess?[3];
    private readonly int _postgresPort = FreePort.Next();
    private NatsServer? _nats;
    private ProgramProcess? _postgres;

    public IReadOnlyList<int> Ports { get; } = [FreePort.Next(), FreePort.Next(), FreePort.Next()];

    public async Task StartAsync(CancellationToken ct)
    {
        await StartPostgresAsync(ct);
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
            ["HUB_DATABASE"] = $"postgres://hub@127.0.0.1:{_postgresPort}/postgres?sslmode=disable",
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

    public Task KillPostgresAsync() => EndAsync(_postgres!);

    public Task StartPostgresAsync(CancellationToken ct) => Retry.UntilAsync(
        "PostgreSQL is ready",
        async () =>
        {
            if (_postgres is null || _postgres.HasExited)
            {
                // After a kill its children take a moment to end, and until then it does not start.
                _postgres = ProgramProcess.Start(
                    "/usr/bin/setpriv",
                    ["--reuid=postgres", "--regid=postgres", "--clear-groups", "--", Path.Combine(programs, "postgres"), "-D", cluster, "-k", cluster,
                        "-p", _postgresPort.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300"],
                    new Dictionary<string, string> { ["LC_ALL"] = "C.UTF-8" });
            }

            await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, ct);
            return _postgres.Lines.Any(line => line.Contains("ready to accept connections", StringComparison.Ordinal)) && !_postgres.HasExited;
        },
        ct: ct);

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

        if (_postgres is { HasExited: false })
        {
            _postgres.Terminate();
            await _postgres.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static async Task EndAsync(ProgramProcess process)
    {
        process.Kill();
        await process.DisposeAsync();
    }
}
