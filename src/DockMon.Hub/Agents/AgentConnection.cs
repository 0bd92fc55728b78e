using System.Buffers;
using System.Net.WebSockets;
using System.Threading.Channels;

namespace DockMon.Hub.Agents;

/// <summary>One agent's socket: one writer, fed by a channel, and a reader that costs nothing while nothing comes.</summary>
internal sealed class AgentConnection(WebSocket socket, int frameLimit) : IDisposable
{
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(2);

    private readonly Channel<byte[]> _outgoing = Channel.CreateBounded<byte[]>(1024);
    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _gate = new();
    private int _frameLimit = frameLimit;
    private (WebSocketCloseStatus Status, string Reason)? _close;

    /// <summary>Queues a frame; false when the connection ends or its agent does not read.</summary>
    public bool TrySend(byte[] frame) => _outgoing.Writer.TryWrite(frame);

    /// <summary>Reads larger frames from now on.</summary>
    public void AllowFrames(int bytes) => _frameLimit = bytes;

    /// <summary>Ends the connection, for this reason if it has no other yet; one that has ended is none the worse for it.</summary>
    public void Close(WebSocketCloseStatus status, string reason)
    {
        lock (_gate)
        {
            _close ??= (status, reason);
        }

        try
        {
            _ended.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended already.
        }
    }

    public void Dispose() => _ended.Dispose();

    /// <summary>Sends one frame now; for the registration, before the loops run.</summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken ct) => socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, ct);

    /// <summary>Reads and writes until either side ends it.</summary>
    public async Task RunAsync(Action<ReadOnlyMemory<byte>> onFrame, CancellationToken stopping)
    {
        // A cancelled receive aborts the whole socket, and an aborted socket cannot say goodbye: the read has a token of its own.
        using var readEnded = new CancellationTokenSource();
        using var writeEnded = CancellationTokenSource.CreateLinkedTokenSource(stopping, _ended.Token);
        var reading = ReadLoopAsync(onFrame, readEnded.Token);
        var writing = WriteLoopAsync(writeEnded.Token);
        await Task.WhenAny(reading, writing);
        if (stopping.IsCancellationRequested)
        {
            Close(WebSocketCloseStatus.EndpointUnavailable, "the hub is stopping");
        }

        _outgoing.Writer.TryComplete();
        await writeEnded.CancelAsync();
        await writing;
        await CloseAsync(reading);
        await readEnded.CancelAsync();
        await reading;
    }

    /// <summary>The next text frame; null when the other side closed, or sent what is none and is being told so.</summary>
    public async Task<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken ct)
    {
        // Waiting with no buffer at all: an idle agent costs the hub no memory for it.
        if ((await socket.ReceiveAsync(Memory<byte>.Empty, ct)).MessageType == WebSocketMessageType.Close)
        {
            return null;
        }

        var limit = _frameLimit;
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Min(4096, limit));
        try
        {
            var length = 0;
            while (true)
            {
                // The pool's arrays may be larger than what was asked for: one byte over the limit is enough to see that a frame is too long.
                var result = await socket.ReceiveAsync(buffer.AsMemory(length, Math.Min(buffer.Length, limit + 1) - length), ct);
                length += result.Count;
                if (result.MessageType == WebSocketMessageType.Close)
                {
                    return null;
                }

                if (result.MessageType == WebSocketMessageType.Binary)
                {
                    Close(WebSocketCloseStatus.InvalidMessageType, "only text frames are read");
                    return null;
                }

                if (length > limit)
                {
                    Close(WebSocketCloseStatus.MessageTooBig, $"frames of up to {limit} bytes are read");
                    return null;
                }

                if (result.EndOfMessage)
                {
                    return buffer.AsSpan(0, length).ToArray();
                }

                if (length == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length * 2, limit + 1));
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Says goodbye and gives the other side a moment to do so, too: what was sent last would be lost in a reset.</summary>
    public async Task CloseAsync(Task reading)
    {
        (WebSocketCloseStatus Status, string Reason) close;
        lock (_gate)
        {
            // Whoever closed on the other side needs no reason from here.
            close = _close ?? (WebSocketCloseStatus.NormalClosure, "");
        }

        using var limit = new CancellationTokenSource(CloseLimit);
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await socket.CloseOutputAsync(close.Status, CloseReason.Shorten(close.Reason), limit.Token);
            }

            await reading.WaitAsync(limit.Token);
            await DrainAsync(limit.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // Nobody is left to say goodbye to.
        }

        socket.Abort();
    }

    /// <summary>Reads on, into nowhere, until the other side has closed.</summary>
    private async Task DrainAsync(CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(4096);
        try
        {
            while (socket.State is WebSocketState.Open or WebSocketState.CloseSent)
            {
                await socket.ReceiveAsync(buffer.AsMemory(), ct);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task ReadLoopAsync(Action<ReadOnlyMemory<byte>> onFrame, CancellationToken ct)
    {
        try
        {
            while (await ReadAsync(ct) is { } frame)
            {
                onFrame(frame);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The connection is gone, in whatever way; its owner only needs to know that.
        }
    }

    private async Task WriteLoopAsync(CancellationToken ct)
    {
        try
        {
            await foreach (var frame in _outgoing.Reader.ReadAllAsync(ct))
            {
                await SendAsync(frame, ct);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // As above.
        }
    }
}
