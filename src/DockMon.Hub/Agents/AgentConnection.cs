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
    private (WebSocketCloseStatus Status, string Reason)? _close;

    /// <summary>Queues a frame; false when the connection ends or its agent does not read.</summary>
    public bool TrySend(byte[] frame) => _outgoing.Writer.TryWrite(frame);

    /// <summary>Ends the connection; one that has ended is none the worse for it.</summary>
    public void Close(WebSocketCloseStatus status, string reason)
    {
        _close ??= (status, reason);
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
    public async Task RunAsync(Action<ReadOnlyMemory<byte>> onFrame, CancellationToken ct)
    {
        // A cancelled receive aborts the whole socket, and an aborted socket cannot say goodbye: the read has a token of its own.
        using var readEnded = new CancellationTokenSource();
        using var writeEnded = CancellationTokenSource.CreateLinkedTokenSource(ct, _ended.Token);
        var reading = ReadLoopAsync(onFrame, readEnded.Token);
        var writing = WriteLoopAsync(writeEnded.Token);
        await Task.WhenAny(reading, writing);
        _outgoing.Writer.TryComplete();
        await writeEnded.CancelAsync();
        await writing;
        await CloseAsync(reading);
        await readEnded.CancelAsync();
        await reading;
    }

    /// <summary>The next text frame; empty memory when the other side closed or sent what is none.</summary>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(CancellationToken ct)
    {
        // Waiting with no buffer at all: an idle agent costs the hub no memory for it.
        await socket.ReceiveAsync(Memory<byte>.Empty, ct);
        var buffer = ArrayPool<byte>.Shared.Rent(4096);
        try
        {
            var length = 0;
            while (true)
            {
                var result = await socket.ReceiveAsync(buffer.AsMemory(length), ct);
                length += result.Count;
                if (result.MessageType != WebSocketMessageType.Text)
                {
                    return default;
                }

                if (result.EndOfMessage)
                {
                    return buffer.AsSpan(0, length).ToArray();
                }

                if (length >= frameLimit)
                {
                    Close(WebSocketCloseStatus.MessageTooBig, $"frames of up to {frameLimit} bytes are read");
                    return default;
                }

                if (length == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length * 2, frameLimit + 1));
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

    private async Task ReadLoopAsync(Action<ReadOnlyMemory<byte>> onFrame, CancellationToken ct)
    {
        try
        {
            while (await ReadAsync(ct) is { IsEmpty: false } frame)
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

    /// <summary>Ends a connection whose loops never ran.</summary>
    public Task CloseAsync() => CloseAsync(ReadLoopAsync(_ => { }, CancellationToken.None));

    /// <summary>Says goodbye and gives the other side a moment to do so, too: what was sent last would be lost in a reset.</summary>
    public async Task CloseAsync(Task reading)
    {
        var (status, reason) = _close ?? (WebSocketCloseStatus.EndpointUnavailable, "the hub is stopping");
        using var limit = new CancellationTokenSource(CloseLimit);
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await socket.CloseOutputAsync(status, reason, limit.Token);
            }

            await reading.WaitAsync(limit.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // Nobody is left to say goodbye to.
        }

        socket.Abort();
    }
}
