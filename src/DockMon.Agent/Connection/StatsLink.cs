using System.Net.WebSockets;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection.Dialing;
using DockMon.Agent.Delivery;
using DockMon.Agent.Threading;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Connection;

/// <summary>
/// The second socket, for samples alone. Servers may do without it, so its absence is no error; nothing waits for it, and a
/// sample it cannot send is replaced by the next.
/// </summary>
internal sealed partial class StatsLink(AgentOptions options, Dialer dialer, Random random, TimeProvider time, ILogger<StatsLink> logger)
{
    /// <summary>How long to leave a server alone that said that it has no such socket.</summary>
    public static readonly TimeSpan RefusedDelay = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(5);

    private readonly Backoff _backoff = Backoff.ToServer(options.ReconnectInitial, options.ReconnectMax, random);
    private readonly LatestByKey<ReadOnlyMemory<byte>> _samples = new();
    private readonly Lock _gate = new();
    private readonly AsyncSignal _pulse = new();
    private readonly AsyncSignal _newToken = new();
    private volatile string? _token;
    private volatile bool _open;
    private bool _refused;

    /// <summary>Raised when the socket is open.</summary>
    public event Action? Opened;

    /// <summary>Whether the socket is open now.</summary>
    public bool IsOpen => _open;

    /// <summary>The permanent token, once there is one. Another one than before is tried at once.</summary>
    public void UseToken(string token)
    {
        if (token != _token)
        {
            _token = token;
            _newToken.Set();
        }
    }

    /// <summary>Queues samples, each of which replaces the one of the same container that still waits.</summary>
    public void Post(IReadOnlyList<KeyedFrame> samples)
    {
        lock (_gate)
        {
            // Asked here, it is not between the end of a connection and the clearing of what waited for it.
            if (!_open)
            {
                return;
            }

            foreach (var (containerId, frame, payload) in samples)
            {
                var sample = frame.AsMemory(payload);
                if (sample.Length <= ProtocolLimits.StatsFrameBytes)
                {
                    _samples.Put(containerId, sample);
                }
            }
        }

        _pulse.Set();
    }

    /// <summary>Keeps the socket open until <paramref name="ct"/> fires.</summary>
    public Task RunAsync(CancellationToken ct) => BackgroundLoop.RunAsync(ConnectAsync, ct);

    private async Task ConnectAsync(CancellationToken ct)
    {
        await _newToken.WaitAsync(ct);
        while (true)
        {
            _newToken.TryReset();
            await _newToken.WaitAsync(await ConnectOnceAsync(ct), time, ct);
        }
    }

    private async Task<TimeSpan> ConnectOnceAsync(CancellationToken ct)
    {
        try
        {
            using var socket = await dialer.DialAsync(ProtocolLimits.StatsPath, _token, ct);
            Log.StatsSocketConnected(logger);
            _refused = false;
            var started = time.GetTimestamp();
            await PumpAsync(socket, ct);
            if (time.GetElapsedTime(started) >= ServerLink.GoodConnection)
            {
                _backoff.Reset();
            }
        }
        catch (DialException e) when (e.Status is 401 or 403 or 404)
        {
            if (!_refused)
            {
                Log.StatsSocketRefused(logger, e.Message);
            }

            _refused = true;
            return RefusedDelay;
        }
        catch (DialException e)
        {
            Log.StatsSocketEnded(logger, e.Message);
        }

        return _backoff.Next();
    }

    private async Task PumpAsync(ServerSocket socket, CancellationToken ct)
    {
        using var reader = new FrameReader(socket.WebSocket);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct);
        _open = true;
        Opened?.Invoke();
        var loops = new[] { ReadAsync(reader, ended.Token), WriteAsync(socket, ended.Token) };
        var reason = await await Task.WhenAny(loops);
        _open = false;
        if (socket.WebSocket.State == WebSocketState.CloseReceived)
        {
            using var limit = new CancellationTokenSource(CloseLimit);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", logger, limit.Token);
        }

        await ended.CancelAsync();
        await Task.WhenAll(loops);
        lock (_gate)
        {
            _samples.Clear();
        }

        Log.StatsSocketEnded(logger, reason);
    }

    // The server says nothing on this socket; reading is how its close and its pongs are seen.
    private static async Task<string> ReadAsync(FrameReader reader, CancellationToken ct)
    {
        try
        {
            while ((await reader.ReadAsync(ct)).Kind != ReadKind.Close)
            {
            }

            return "closed by the server";
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // Without a token that fired, a cancellation is the keep-alive's way to say that no pong came.
            return $"the server did not answer a ping within {(ProtocolLimits.SilenceLimit - ProtocolLimits.PingInterval).TotalSeconds:0} s (timeout)";
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            return e.Message;
        }
    }

    private async Task<string> WriteAsync(ServerSocket socket, CancellationToken ct)
    {
        try
        {
            while (true)
            {
                await _pulse.WaitAsync(ct);
                while (TryTake(out var sample))
                {
                    await socket.SendAsync(sample, ct);
                }

                await socket.FlushAsync(ct);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            return e.Message;
        }
    }

    private bool TryTake(out ReadOnlyMemory<byte> sample)
    {
        lock (_gate)
        {
            return _samples.TryTake(out sample);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(112, LogLevel.Information, "This server takes no separate stats socket ({Reason}); statistics go over the control socket alone")]
        public static partial void StatsSocketRefused(ILogger logger, string reason);

        [LoggerMessage(113, LogLevel.Debug, "Stats socket ended: {Reason}")]
        public static partial void StatsSocketEnded(ILogger logger, string reason);

        [LoggerMessage(114, LogLevel.Debug, "Stats socket connected")]
        public static partial void StatsSocketConnected(ILogger logger);
    }
}
