using System.Net.Sockets;

namespace DockMon.Testing;

/// <summary>A NATS server of one test, on a port of its own, that can be killed and started again.</summary>
public sealed class NatsServer : IAsyncDisposable
{
    private readonly string _host;
    private readonly string[] _options;
    private ProgramProcess? _process;

    private NatsServer(string host, string[] options) => (_host, _options) = (host, options);

    /// <summary>Where it listens.</summary>
    public int Port { get; } = FreePort.Next();

    /// <summary>Its address.</summary>
    public string Url => $"nats://{_host}:{Port}";

    private static string Program =>
        new[] { "/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server" }.FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException("nats-server is missing: install the package nats-server (./test does)");

    /// <summary>Starts one, with further options of the program.</summary>
    public static Task<NatsServer> StartAsync(CancellationToken ct, params string[] options) => StartAtAsync("127.0.0.1", ct, options);

    /// <summary>Starts one at an address of this machine.</summary>
    public static async Task<NatsServer> StartAtAsync(string host, CancellationToken ct, params string[] options)
    {
        var server = new NatsServer(host, options);
        await server.StartAgainAsync(ct);
        return server;
    }

    /// <summary>Starts it again on the same port.</summary>
    public async Task StartAgainAsync(CancellationToken ct)
    {
        _process = ProgramProcess.Start(Program, ["-a", _host, "-p", $"{Port}", .. _options], new Dictionary<string, string>());
        await Retry.UntilAsync(
            "nats-server listens",
            async () =>
            {
                using var client = new TcpClient();
                await client.ConnectAsync(_host, Port, ct);
                return true;
            },
            ct: ct);
    }

    /// <summary>Ends it at once.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.DisposeAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }
}
