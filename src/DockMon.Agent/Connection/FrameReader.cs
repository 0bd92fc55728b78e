using System.Buffers;
using System.Net.WebSockets;
using DockMon.Protocol;

namespace DockMon.Agent.Connection;

/// <summary>What one read of the socket brought.</summary>
internal enum ReadKind
{
    /// <summary>A whole text frame.</summary>
    Frame,

    /// <summary>A frame over the limit, or a binary one: read to its end and thrown away.</summary>
    Discarded,

    /// <summary>The other side closes.</summary>
    Close,
}

/// <summary>Reads whole messages from a socket into one buffer that it reuses. The bytes it returns are valid until the next read.</summary>
internal sealed class FrameReader(WebSocket socket) : IDisposable
{
    private const int SmallBuffer = 8 * 1024;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(SmallBuffer);

    /// <summary>Reads one message.</summary>
    /// <param name="ct">Gives up.</param>
    /// <param name="limit">Most bytes of a frame that is kept.</param>
    /// <returns>What it was, its bytes when it is a frame, and its size in bytes whatever it was.</returns>
    public async ValueTask<(ReadKind Kind, ReadOnlyMemory<byte> Frame, long Size)> ReadAsync(
        CancellationToken ct, int limit = ProtocolLimits.ControlFrameBytes)
    {
        Shrink();
        var length = 0;
        long size = 0;
        var discard = false;
        while (true)
        {
            if (length == _buffer.Length)
            {
                Grow(length);
            }

            var result = await socket.ReceiveAsync(discard ? _buffer : _buffer.AsMemory(length), ct);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return (ReadKind.Close, default, 0);
            }

            size += result.Count;
            length = discard ? 0 : length + result.Count;
            discard |= size > limit || result.MessageType != WebSocketMessageType.Text;
            if (result.EndOfMessage)
            {
                return discard ? (ReadKind.Discarded, default, size) : (ReadKind.Frame, _buffer.AsMemory(0, length), size);
            }

            length = discard ? 0 : length;
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private void Grow(int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    // One large frame must not keep its megabytes for the months of silence after it.
    private void Shrink()
    {
        if (_buffer.Length > 64 * 1024)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(SmallBuffer);
        }
    }
}
