using System.Buffers;
using System.Net.WebSockets;
using System.Threading.Channels;

namespace DockMon.Hub.Agents;

/// <summary>One socket of an agent: a writer fed by a channel, and a reader that holds no buffer while idle.</summary>
internal sealed class AgentConnection(WebSocket socket, int frameLimit) : IDisposable
{
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(2);

    private readonly Channel<byte[]> _outgoing = Channel.CreateBounded<byte[]>(1024);
    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _gate = new();
    private int _frameLimit = frameLimit;
    private (WebSocketCloseStatus Status, string Reason)? _close;

    /// <summary>Queues a frame; false when the connection has ended or the queue is full.</summary>
    public bool TrySend(byte[] frame) => _outgoing.Writer.TryWrite(frame);

    /// <summary>Raises the frame limit.</summary>
    public void AllowFrames(int bytes) => _frameLimit = bytes;

    /// <summary>Closes the connection; the first reason counts. Does nothing after its end.</summary>
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
            // The connection has ended already.
        }
    }

    public void Dispose() => _ended.Dispose();

    /// <summary>Sends one frame directly; for the registration, before the loops run.</summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken ct) => socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, ct);

    /// <summary>Runs the read and write loops until either side closes. A frame is read when the one before was handled.</summary>
    public async Task RunAsync(Func<ReadOnlyMemory<byte>, ValueTask> onFrame, CancellationToken stopping)
    {
        // Cancelling a receive aborts the socket, which then cannot send a close frame: the read loop has its own token.
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

    /// <summary>The next text frame; null when the other side closed, or sent a binary or oversized frame and is being closed.</summary>
    public async Task<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken ct)
    {
        // Wait without a buffer: an idle agent needs no memory.
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
                // Pooled arrays may be larger than requested: one byte over the limit is enough to detect an oversized frame.
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

    /// <summary>Sends the close frame and waits briefly for the other side's: a reset would lose the last frames.</summary>
    public async Task CloseAsync(Task reading)
    {
        (WebSocketCloseStatus Status, string Reason) close;
        lock (_gate)
        {
            // The other side closed: no reason needed.
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
            // The other side is gone.
        }

        socket.Abort();
    }

    /// <summary>Discards frames until the other side has closed.</summary>
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

    private async Task ReadLoopAsync(Func<ReadOnlyMemory<byte>, ValueTask> onFrame, CancellationToken ct)
    {
        try
        {
            while (await ReadAsync(ct) is { } frame)
            {
                await onFrame(frame);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The connection is gone; the owner only needs to know that.
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
