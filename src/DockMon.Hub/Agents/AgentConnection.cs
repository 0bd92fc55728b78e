using System.Buffers;
using System.Net.WebSockets;
using DockMon.Hub.Agents.Limits;

namespace DockMon.Hub.Agents;

/// <summary>
/// One socket of an agent. Most of ten thousand agents say nothing at any moment: while nothing happens, a connection holds no buffer, no timer and no
/// waiting writer.
/// </summary>
internal sealed class AgentConnection(WebSocket socket, int frameLimit)
{
    /// <summary>Maximum number of frames that wait to be sent.</summary>
    public const int MostFrames = 1024;

    /// <summary>Maximum size of the frames that wait to be sent, in bytes; a single one may be larger.</summary>
    public const int MostBytes = 32 * 1024 * 1024;

    private const int SmallBuffer = 4096;

    /// <summary>How long the close frame may take to leave. On a machine whose cores are busy it takes seconds until it is its turn.</summary>
    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(10);

    /// <summary>How long the other side may take to answer the close frame.</summary>
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly Queue<byte[]> _outgoing = new();
    private readonly TaskCompletionSource _closing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _writing = Task.CompletedTask;
    private long _bytes;
    private bool _isRunning;
    private bool _isWriting;
    private int _frameLimit = frameLimit;
    private byte[] _buffer = [];
    private (WebSocketCloseStatus Status, string Reason)? _close;

    /// <summary>Queues a frame; false when the connection has ended or the queue is full.</summary>
    public bool TrySend(byte[] frame)
    {
        lock (_gate)
        {
            if (_close is not null || _outgoing.Count >= MostFrames || (_outgoing.Count > 0 && _bytes + frame.Length > MostBytes))
            {
                return false;
            }

            _outgoing.Enqueue(frame);
            _bytes += frame.Length;
            EnsureWriting();
            return true;
        }
    }

    /// <summary>Raises the frame limit.</summary>
    public void AllowFrames(int bytes) => _frameLimit = bytes;

    /// <summary>Closes the connection; the first reason counts. Does nothing after its end.</summary>
    public void Close(WebSocketCloseStatus status, string reason)
    {
        lock (_gate)
        {
            _close ??= (status, reason);
        }

        _closing.TrySetResult();
    }

    /// <summary>Sends one frame directly; for the registration, before <see cref="RunAsync"/>.</summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken ct) => socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, ct);

    /// <summary>
    /// Reads and writes until either side closes. A frame is read when the one before was handled, and not before the host may send more.
    /// </summary>
    /// <param name="onFrame">Handles a frame, whose memory is used again afterwards.</param>
    /// <param name="quota">What the host may send.</param>
    public async Task RunAsync(Func<ReadOnlyMemory<byte>, ValueTask> onFrame, HostQuota quota)
    {
        lock (_gate)
        {
            _isRunning = true;
            EnsureWriting();
        }

        var reading = ReadLoopAsync(onFrame, quota);
        await Task.WhenAny(reading, _closing.Task);
        await CloseAsync(reading);

        // What handles a frame may wait for a database still.
        await reading;
    }

    /// <summary>The first frame; null when the other side closed, or sent a binary or oversized frame and is being closed.</summary>
    public async Task<byte[]?> ReadAsync()
    {
        try
        {
            return await WaitAsync() && await FillAsync() is >= 0 and var length ? _buffer.AsSpan(0, length).ToArray() : null;
        }
        finally
        {
            ReturnBuffer();
        }
    }

    /// <summary>Sends the close frame and waits briefly for the other side's: a reset would lose the last frames.</summary>
    public async Task CloseAsync(Task reading)
    {
        (WebSocketCloseStatus Status, string Reason) close;
        Task writing;
        lock (_gate)
        {
            // The other side closed: no reason needed.
            close = _close ??= (WebSocketCloseStatus.NormalClosure, "");
            _outgoing.Clear();
            writing = _writing;
        }

        using var limit = new CancellationTokenSource(SendLimit);
        try
        {
            await writing.WaitAsync(limit.Token);
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await socket.CloseOutputAsync(close.Status, CloseReason.Shorten(close.Reason), limit.Token);
            }

            limit.CancelAfter(CloseLimit);
            await reading.WaitAsync(limit.Token);
            await DrainAsync(limit.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The other side is gone.
        }

        Abort();
        await writing;
    }

    /// <summary>Ends the connection at once and without a word.</summary>
    public void Abort() => socket.Abort();

    // Cancelling a receive would abort the socket, which then could not send a close frame: nothing here is ever cancelled.
    // Waits without a buffer: an idle agent needs no memory.
    private async ValueTask<bool> WaitAsync() =>
        (await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None)).MessageType != WebSocketMessageType.Close;

    /// <summary>Reads a frame into the buffer.</summary>
    /// <returns>Its length; -1 when the other side closed, or sent a binary or oversized frame and is being closed.</returns>
    private async ValueTask<int> FillAsync()
    {
        var limit = _frameLimit;
        var length = 0;
        _buffer = ArrayPool<byte>.Shared.Rent(Math.Min(SmallBuffer, limit));
        while (true)
        {
            // Pooled arrays may be larger than requested: one byte over the limit is enough to detect an oversized frame.
            var room = _buffer.AsMemory(length, Math.Min(_buffer.Length, limit + 1) - length);
            var result = await socket.ReceiveAsync(room, CancellationToken.None);
            length += result.Count;
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return -1;
            }

            if (result.MessageType == WebSocketMessageType.Binary)
            {
                Close(WebSocketCloseStatus.InvalidMessageType, "only text frames are read");
                return -1;
            }

            if (length > limit)
            {
                Close(WebSocketCloseStatus.MessageTooBig, $"frames of up to {limit} bytes are read");
                return -1;
            }

            if (result.EndOfMessage)
            {
                return length;
            }

            if (length == _buffer.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(Math.Min(_buffer.Length * 2, limit + 1));
                _buffer.AsSpan(0, length).CopyTo(larger);
                ReturnBuffer();
                _buffer = larger;
            }
        }
    }

    private void ReturnBuffer()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }

    /// <summary>Discards frames until the other side has closed.</summary>
    private async Task DrainAsync(CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(SmallBuffer);
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

    private async Task ReadLoopAsync(Func<ReadOnlyMemory<byte>, ValueTask> onFrame, HostQuota quota)
    {
        try
        {
            // As WaitAsync does, without an object of its own for each connection.
            while ((await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None)).MessageType != WebSocketMessageType.Close
                && await FillAsync() is >= 0 and var length)
            {
                await onFrame(_buffer.AsMemory(0, length));
                ReturnBuffer();
                if (quota.Take(length) is { Ticks: > 0 } pause)
                {
                    await Task.WhenAny(quota.WaitAsync(pause), _closing.Task);
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The connection is gone; the owner only needs to know that.
        }
        finally
        {
            ReturnBuffer();
        }
    }

    /// <summary>Starts the writer, unless it runs or there is nothing to write. To be called with the lock held.</summary>
    private void EnsureWriting()
    {
        if (_isRunning && !_isWriting && _outgoing.Count > 0)
        {
            _isWriting = true;
            _writing = WriteAsync();
        }
    }

    private async Task WriteAsync()
    {
        // Not in the thread, and with the lock, of whoever sends.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            while (TakeOutgoing() is { } frame)
            {
                await SendAsync(frame, CancellationToken.None);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The connection is gone.
            Close(WebSocketCloseStatus.NormalClosure, "");
        }
    }

    private byte[]? TakeOutgoing()
    {
        lock (_gate)
        {
            if (_close is null && _outgoing.TryDequeue(out var frame))
            {
                _bytes -= frame.Length;
                return frame;
            }

            _isWriting = false;
            return null;
        }
    }
}
