using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace DockMon.Testing;

/// <summary>
/// A PostgreSQL server of a test, on a port of its own, that can be killed and started again. It does not outlive the test: it ends with the pipe to its
/// input.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    /// <summary>A user who has to give the password <see cref="Password"/>; <see cref="User"/> needs none.</summary>
    public const string GuardedUser = "guarded";

    /// <summary>The password of <see cref="GuardedUser"/>.</summary>
    public const string Password = "p@ss/wörd:1";

    /// <summary>The user who may do everything.</summary>
    public const string User = "hub";

    private const string Loopback = "127.0.0.1";

    private const string Settings = """
        synchronous_commit = on
        max_connections = 400
        ssl = on
        ssl_cert_file = 'cert.pem'
        ssl_key_file = 'key.pem'
        """;

    // Nothing of a test has to survive a power cut.
    private const string Quick = """

        fsync = off
        full_page_writes = off
        shared_buffers = 64MB
        max_wal_size = 1GB

        """;

    // As somebody sets it up who wants it to be quick and to lose nothing.
    private const string Durable = """

        shared_buffers = 512MB
        max_wal_size = 4GB

        """;

    private const string Access = $"""
        host all {GuardedUser} 127.0.0.1/32 scram-sha-256
        host all all samenet trust
        """;

    // The server ends when the test does, however that ends, and the script with the server.
    private const string Script = """
        exec 3<&0
        "$1" -D "$2" -p "$3" -k "$2" >>"$2/server.log" 2>&1 3<&- &
        server=$!
        (cat <&3 >/dev/null; kill -QUIT $server) &
        wait $server 2>>"$2/server.log"
        kill $! 2>/dev/null
        """;

    private readonly string _folder;
    private readonly string _host;
    private readonly string[] _command;
    private Process? _process;

    private PostgresServer(string folder, string host, string[] user, string programs)
    {
        (_folder, _host) = (folder, host);
        _command = [.. user, "sh", "-c", Script, "sh", Path.Combine(programs, "postgres"), folder, $"{Port}"];
    }

    /// <summary>Where it listens.</summary>
    public int Port { get; } = FreePort.Next();

    /// <summary>The directory of its programs; null where it is not installed.</summary>
    private static string? Programs =>
        Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin"))
                .Where(bin => File.Exists(Path.Combine(bin, "initdb"))).OrderByDescending(bin => bin, StringComparer.Ordinal).FirstOrDefault()
            : null;

    /// <summary>The address of its database for a user, as the hub takes it.</summary>
    public string Address(string user, string options = "sslmode=disable", int? port = null) =>
        $"postgres://{user}@{_host}:{port ?? Port}/postgres?{options}";

    /// <summary>Makes a server and waits until it listens.</summary>
    /// <param name="authority">Whose certificate it has.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <param name="host">The address it listens on, besides the loopback interface's.</param>
    /// <param name="durable">Whether what is committed is on the disk, as where it matters.</param>
    public static async Task<PostgresServer> StartAsync(TestAuthority authority, CancellationToken ct, string host = Loopback, bool durable = false)
    {
        var programs = Programs ?? throw new InvalidOperationException("PostgreSQL is not installed: apt-get install postgresql");
        var folder = Path.Combine(Path.GetTempPath(), "dockmon-postgres-" + Guid.NewGuid().ToString("N")[..12]);

        // PostgreSQL refuses to run as root.
        string[] user = Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] : [];
        using var certificates = new TemporaryFolder();
        authority.IssueInto(certificates.Path);
        await RunAsync([.. user, "mkdir", "-m", "700", folder], "", ct);
        await RunAsync(
            [.. user, Path.Combine(programs, "initdb"), "-D", folder, "-U", User, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"], "", ct);
        var listen = host == Loopback ? host : $"{Loopback},{host}";
        foreach (var (name, content) in new[]
        {
            ("postgresql.auto.conf", $"{Settings}{(durable ? Durable : Quick)}listen_addresses = '{listen}'"), ("pg_hba.conf", Access),
            ("cert.pem", await File.ReadAllTextAsync(certificates.File("cert.pem"), ct)),
            ("key.pem", await File.ReadAllTextAsync(certificates.File("key.pem"), ct)),
        })
        {
            await RunAsync([.. user, "sh", "-c", "umask 077; cat >\"$1\"", "sh", Path.Combine(folder, name)], content, ct);
        }

        var server = new PostgresServer(folder, host, user, programs);
        try
        {
            await server.StartAgainAsync(ct);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it again with what it kept, and waits until it listens.</summary>
    public Task StartAgainAsync(CancellationToken ct) => Retry.UntilAsync(
        "PostgreSQL listens",
        async () =>
        {
            if (_process is null or { HasExited: true })
            {
                // Again and again: the children of one that was killed take a moment to end, and until then another one ends at once.
                _process?.Dispose();
                _process = Process.Start(Start(_command))!;
            }

            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(Loopback, Port, ct);
            return true;
        },
        ct: ct);

    /// <summary>Id of the process that all others of it descend from.</summary>
    public int ProcessId => int.Parse(File.ReadLines(Path.Combine(_folder, "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    /// <summary>Ends it at once (SIGKILL).</summary>
    public async Task KillAsync()
    {
        using var server = Process.GetProcessById(ProcessId);
        server.Kill();
        await _process!.WaitForExitAsync();
    }

    /// <summary>Ends it and removes what it kept.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync();
            _process.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static ProcessStartInfo Start(string[] command) =>
        new(command[0], command[1..]) { RedirectStandardInput = true, WorkingDirectory = "/", Environment = { ["LC_ALL"] = "C.UTF-8" } };

    private static async Task RunAsync(string[] command, string input, CancellationToken ct)
    {
        var start = Start(command);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(input.AsMemory(), ct);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(ct);
        var error = await process.StandardError.ReadToEndAsync(ct);
        await process.WaitForExitAsync(ct);
        await output;
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{string.Join(' ', command)} ended with {process.ExitCode}: {error}");
        }
    }
}
