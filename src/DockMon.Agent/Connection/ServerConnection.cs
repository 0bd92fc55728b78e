using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using DockMon.Agent.Connection.Dialing;
using DockMon.Agent.Connection.Registration;
using DockMon.Agent.Delivery;
using DockMon.Agent.Health;
using DockMon.Agent.Threading;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Connection;

/// <summary>
/// One registered connection, from its register frame to its end; never reused. One loop reads, one writes, one pings, and whichever
/// stops first says why.
/// </summary>
internal sealed partial class ServerConnection : IDisposable
{
    private const string ReplacedReason = "New connection established";
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(5);

    private readonly ServerSocket _socket;
    private readonly FrameReader _reader;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly AgentLoops? _heartbeats;
    private volatile bool _draining;
    private volatile bool _closing;

    private ServerConnection(ServerSocket socket, TimeProvider time, ILogger logger, AgentLoops? heartbeats)
    {
        _socket = socket;
        _reader = new FrameReader(socket.WebSocket);
        _time = time;
        _logger = logger;
        _heartbeats = heartbeats;
    }

    /// <summary>Registers over a socket that was just opened. Owns the socket from here on.</summary>
    /// <exception cref="RegistrationRejectedException">The server said no.</exception>
    /// <exception cref="DialException">The server did not answer as the protocol says.</exception>
    public static async Task<(ServerConnection Connection, AuthSuccess Auth)> RegisterAsync(
        ServerSocket socket, RegisterRequest request, TimeProvider time, ILogger logger, CancellationToken ct, AgentLoops? heartbeats = null)
    {
        var connection = new ServerConnection(socket, time, logger, heartbeats);
        try
        {
            var auth = await RegistrationExchange.RunAsync(socket, connection._reader, request, logger, ct);
            return (connection, auth);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Reads and writes until the connection ends or <paramref name="stopping"/> fires; then what is still waiting to be sent is
    /// sent once more if it can be, and the socket is closed with 1001. The same, with 1000, when it is to be renewed.
    /// </summary>
    /// <param name="onFrame">Gets every text frame; must return at once.</param>
    /// <param name="outbound">What to send.</param>
    /// <param name="finishing">Completes when the last answers are in <paramref name="outbound"/>; awaited only when stopping.</param>
    /// <param name="renewal">Asks for another connection in its place.</param>
    /// <param name="stopping">Ends it in good order.</param>
    public async Task<ConnectionEnd> RunAsync(
        Action<ReadOnlyMemory<byte>> onFrame,
        Outbound outbound,
        Func<Task> finishing,
        AsyncSignal renewal,
        CancellationToken stopping)
    {
        using var readEnded = new CancellationTokenSource();
        using var writeEnded = new CancellationTokenSource();
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = stopping.Register(stopped.SetResult);
        var earlier = _socket.Sent; // The registration.
        var alive = new KeepAlive((begin, ct) => _socket.PingAsync(sent => begin(sent - earlier), ct), outbound, _time);
        _socket.Ponged = alive.OnPong;
        var reading = ReadLoopAsync(onFrame, readEnded.Token);
        var writing = WriteLoopAsync(outbound, alive, writeEnded.Token);
        var pinging = alive.RunAsync(writeEnded.Token);
        var renewing = BackgroundLoop.RunAsync(async ct => await renewal.WaitAsync(ct), writeEnded.Token);
        var first = await Task.WhenAny(reading, writing, pinging, renewing, stopped.Task);
        var isOurs = first == stopped.Task || first == renewing;
        if (isOurs)
        {
            // Running operations reach their end, their answers still go out, new requests are told so, and only then the socket closes.
            await (first == stopped.Task ? finishing() : Task.CompletedTask);
            alive.Hurry();
            _draining = true;
            await EndWritingAsync(outbound, writing);
        }
        else if (first == reading && (await reading).Closed is not null)
        {
            _closing = true;
            await EndWritingAsync(outbound, writing);
        }

        // The order matters: a cancelled send or receive aborts the whole socket, and an aborted socket cannot say goodbye.
        await writeEnded.CancelAsync();
        var written = await writing;
        if (isOurs)
        {
            await (first == stopped.Task ? CloseAsync(reading, WebSocketCloseStatus.EndpointUnavailable, "agent is stopping")
                : CloseAsync(reading, WebSocketCloseStatus.NormalClosure, "agent registers anew"));
        }
        else if (_closing)
        {
            await SayGoodbyeAsync(WebSocketCloseStatus.NormalClosure, "");
        }

        await readEnded.CancelAsync();
        _socket.WebSocket.Abort();
        var read = await reading;
        var pinged = await pinging;
        await renewing;
        // Now that nothing more can be confirmed.
        outbound.Reset();
        return first == reading ? read : first == writing ? written : first == pinging ? pinged
            : first == renewing ? ConnectionEnd.Renewal : new ConnectionEnd("the agent is stopping");
    }

    public void Dispose()
    {
        _reader.Dispose();
        _socket.Dispose();
    }

    [SuppressMessage(
        "Design",
        "CA1031:Do not catch general exception types",
        Justification = "Whatever ends the reading is the connection's end, and the next connection is the remedy.")]
    private async Task<ConnectionEnd> ReadLoopAsync(Action<ReadOnlyMemory<byte>> onFrame, CancellationToken ended)
    {
        try
        {
            while (true)
            {
                _heartbeats?.Read.Idle();
                var (kind, frame, size) = await _reader.ReadAsync(ended);
                _heartbeats?.Read.Running();
                switch (kind)
                {
                    case ReadKind.Frame:
                        onFrame(frame);
                        break;
                    case ReadKind.Discarded:
                        Log.FrameDiscarded(_logger, size, ProtocolLimits.ControlFrameBytes);
                        break;
                    default:
                        return new ConnectionEnd(
                            $"the server closed the connection: {_socket.CloseText()}",
                            _socket.WebSocket.CloseStatus ?? WebSocketCloseStatus.Empty, _socket.WebSocket.CloseStatusDescription == ReplacedReason);
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            return new ConnectionEnd("the other direction ended first");
        }
        catch (Exception e)
        {
            return new ConnectionEnd($"the connection broke: {e.Message}");
        }
        finally
        {
            _heartbeats?.Read.Idle();
        }
    }

    private async Task<ConnectionEnd> WriteLoopAsync(Outbound outbound, KeepAlive alive, CancellationToken ended)
    {
        try
        {
            while (true)
            {
                // What waits together leaves together.
                while (!IsOver() && outbound.TryTake() is { } frame)
                {
                    _heartbeats?.Write.Running();
                    await _socket.SendAsync(frame.Bytes, ended);
                }

                await _socket.FlushAsync(ended);
                alive.Wake();
                if (IsOver())
                {
                    return new ConnectionEnd("everything was sent");
                }

                _heartbeats?.Write.Idle();
                await outbound.WaitAsync(ended);
                _heartbeats?.Write.Running();
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            return new ConnectionEnd("the other direction ended first");
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            return new ConnectionEnd($"the connection broke: {e.Message}");
        }
        finally
        {
            _heartbeats?.Write.Idle();
        }

        bool IsOver() => _closing || (_draining && !outbound.HasPending && !outbound.Unconfirmed.Any);
    }

    /// <summary>Has the write loop end by itself, between two frames: cancelled in the middle of one it would abort the socket.</summary>
    private static async Task EndWritingAsync(Outbound outbound, Task writing)
    {
        outbound.Wake();
        using var limit = new CancellationTokenSource();
        await Task.WhenAny(writing, Task.Delay(CloseLimit, TimeProvider.System, limit.Token));
        await limit.CancelAsync();
    }

    /// <summary>Closes, and waits for the server's Close frame.</summary>
    private async Task CloseAsync(Task reading, WebSocketCloseStatus status, string reason)
    {
        if (await SayGoodbyeAsync(status, reason))
        {
            using var limit = new CancellationTokenSource();
            await Task.WhenAny(reading, Task.Delay(CloseLimit, TimeProvider.System, limit.Token));
            await limit.CancelAsync();
        }
    }

    private async Task<bool> SayGoodbyeAsync(WebSocketCloseStatus status, string reason)
    {
        using var limit = new CancellationTokenSource(CloseLimit);
        return await _socket.CloseAsync(status, reason, _logger, limit.Token);
    }

    private static partial class Log
    {
        [LoggerMessage(105, LogLevel.Warning, "A frame of {Size} bytes was dropped: text frames of up to {Limit} bytes are read")]
        public static partial void FrameDiscarded(ILogger logger, long size, int limit);
    }
}
