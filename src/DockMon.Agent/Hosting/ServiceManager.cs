using System.Globalization;
using System.Net.Sockets;
using System.Text;
using DockMon.Agent.Connection;
using DockMon.Agent.Threading;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Hosting;

/// <summary>Tells systemd how the agent is doing (sd_notify). Where no service manager listens, it says nothing.</summary>
internal sealed partial class ServiceManager : IDisposable
{
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Socket? _socket;
    private readonly TimeSpan? _watchdog;
    private bool _failed;

    public ServiceManager(Func<string, string?> environment, TimeProvider time, ILogger logger)
    {
        (_time, _logger) = (time, logger);
        if (environment("NOTIFY_SOCKET") is not ['/' or '@', _, ..] address)
        {
            return;
        }

        _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        Try(() => _socket.Connect(new UnixDomainSocketEndPoint(address[0] == '@' ? '\0' + address[1..] : address)));
        _watchdog = Watchdog(environment("WATCHDOG_USEC"), environment("WATCHDOG_PID"));
    }

    /// <summary>The agent is set up and works.</summary>
    public void Ready() => Send("READY=1");

    /// <summary>One line for <c>systemctl status</c>.</summary>
    public void Status(string status) => Send("STATUS=" + status.ReplaceLineEndings(" "));

    /// <summary>Tells of the connection to the server from now on.</summary>
    public void Follow(ConnectionState connection, Uri server)
    {
        connection.Connected += _ => Status($"Connected to {server}");
        connection.Disconnected += () => Status($"Not connected to {server}");
    }

    /// <summary>The agent is coming to its end.</summary>
    public void Stopping() => Send("STOPPING=1\nSTATUS=Stopping");

    /// <summary>Says at half the interval systemd asks for that the agent is alive, until <paramref name="ct"/> fires.</summary>
    public Task RunAsync(CancellationToken ct) => BackgroundLoop.RunAsync(ReportAliveAsync, ct);

    public void Dispose() => _socket?.Dispose();

    private async Task ReportAliveAsync(CancellationToken ct)
    {
        // From the thread pool, as all of the agent's work: where that stands still, so does this.
        using var timer = new PeriodicTimer(_watchdog is { } interval ? interval / 2 : Timeout.InfiniteTimeSpan, _time);
        while (await timer.WaitForNextTickAsync(ct))
        {
            Send("WATCHDOG=1");
        }
    }

    private static TimeSpan? Watchdog(string? microseconds, string? process) =>
        long.TryParse(microseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 1_000_000_000_000
        && (string.IsNullOrEmpty(process) || process == Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
            ? TimeSpan.FromMicroseconds(number)
            : null;

    private void Send(string state)
    {
        if (_socket is not null)
        {
            Try(() => _socket.Send(Encoding.UTF8.GetBytes(state)));
        }
    }

    private void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Once: a service manager that hears nothing acts on that by itself.
            if (!Interlocked.Exchange(ref _failed, true))
            {
                Log.NotNotified(_logger, e.Message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(404, LogLevel.Warning, "The service manager at NOTIFY_SOCKET cannot be told anything: {Reason}")]
        public static partial void NotNotified(ILogger logger, string reason);
    }
}
