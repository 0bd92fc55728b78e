using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace DockMon.Chaos;

/// <summary>A WebSocket that tells of pongs, which the framework's own keeps to itself: an agent counts an event as delivered by them.</summary>
internal sealed class RawSocket(NetworkStream stream) : IDisposable
{
    public const int Text = 1;
    public const int Close = 8;
    public const int Ping = 9;
    public const int Pong = 10;

    private readonly SemaphoreSlim _writer = new(1);

    public static async Task<RawSocket> ConnectAsync(int port, string path, CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync("127.0.0.1", port, ct);
            var stream = new NetworkStream(socket, ownsSocket: true);
            await stream.WriteAsync(
                Encoding.ASCII.GetBytes(
                    $"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"),
                ct);
            var head = new StringBuilder();
            var one = new byte[1];
            while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            {
                await stream.ReadExactlyAsync(one, ct);
                head.Append((char)one[0]);
            }

            return head.ToString().StartsWith("HTTP/1.1 101", StringComparison.Ordinal) ? new RawSocket(stream)
                : throw new IOException(head.ToString().Split('\r')[0]);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async Task SendAsync(int kind, ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        // Masked with zeros, which the protocol allows and which leaves the data as it is.
        var frame = new byte[14 + data.Length];
        frame[0] = (byte)(0x80 | kind);
        int head;
        if (data.Length < 126)
        {
            frame[1] = (byte)(0x80 | data.Length);
            head = 2;
        }
        else
        {
            frame[1] = 0x80 | 127;
            BinaryPrimitives.WriteInt64BigEndian(frame.AsSpan(2), data.Length);
            head = 10;
        }

        data.CopyTo(frame.AsMemory(head + 4));
        await _writer.WaitAsync(ct);
        try
        {
            await stream.WriteAsync(frame.AsMemory(0, head + 4 + data.Length), ct);
        }
        finally
        {
            _writer.Release();
        }
    }

    public async Task<(int Kind, byte[] Data)> ReadAsync(CancellationToken ct)
    {
        var kind = 0;
        using var message = new MemoryStream();
        while (true)
        {
            var head = new byte[10];
            await stream.ReadExactlyAsync(head.AsMemory(0, 2), ct);
            long length = head[1] & 0x7f;
            if (length == 126)
            {
                await stream.ReadExactlyAsync(head.AsMemory(2, 2), ct);
                length = BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(2));
            }
            else if (length == 127)
            {
                await stream.ReadExactlyAsync(head.AsMemory(2, 8), ct);
                length = BinaryPrimitives.ReadInt64BigEndian(head.AsSpan(2));
            }

            var data = new byte[length];
            await stream.ReadExactlyAsync(data, ct);
            var part = head[0] & 0x0f;
            if (part >= Close)
            {
                return (part, data);
            }

            kind = part == 0 ? kind : part;
            message.Write(data);
            if ((head[0] & 0x80) != 0)
            {
                return (kind, message.ToArray());
            }
        }
    }

    public void Dispose()
    {
        stream.Dispose();
        _writer.Dispose();
    }
}
