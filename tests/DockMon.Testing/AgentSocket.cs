using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DockMon.Testing;

/// <summary>A message of the hub.</summary>
public readonly record struct SocketMessage(int Opcode, byte[] Payload);

/// <summary>
/// The WebSocket of a simulated agent. Thousands fit into one process: it holds no buffer while nothing arrives, and what it sends was framed by the
/// caller. Unlike the framework's own client it can bind to an address, tells of pings and their answers, and can be cut.
/// </summary>
public sealed class AgentSocket : IDisposable
{
    public const int Text = 1;
    public const int Close = 8;
    public const int Ping = 9;
    public const int Pong = 10;

    private const int Final = 0x80;
    private const int Masked = 0x80;
    private const int SmallBuffer = 4096;

    private readonly Socket _socket;
    private readonly SemaphoreSlim _sending = new(1);
    private byte[] _buffer = [];
    private int _start;
    private int _end;

    private AgentSocket(Socket socket) => _socket = socket;

    /// <summary>Connects and asks for the upgrade.</summary>
    /// <param name="hub">Address of the hub.</param>
    /// <param name="path">Path of the socket.</param>
    /// <param name="source">The loopback address to dial from.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="HttpRequestException">The hub refused; its status is in it.</exception>
    public static async Task<AgentSocket> ConnectAsync(Uri hub, string path, IPAddress source, CancellationToken ct)
    {
        var socket = new AgentSocket(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
        try
        {
            socket._socket.Bind(new IPEndPoint(source, 0));
            await socket._socket.ConnectAsync(IPAddress.Parse(hub.Host), hub.Port, ct);
            await socket.UpgradeAsync(hub, path, ct);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A whole frame. Its mask is zero: the hub unmasks it like any other.</summary>
    public static byte[] Frame(int opcode, ReadOnlySpan<byte> payload)
    {
        var extra = payload.Length < 126 ? 0 : payload.Length <= ushort.MaxValue ? 2 : 8;
        var frame = new byte[2 + extra + 4 + payload.Length];
        frame[0] = (byte)(Final | opcode);
        frame[1] = (byte)(Masked | (extra == 0 ? payload.Length : extra == 2 ? 126 : 127));
        if (extra == 2)
        {
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)payload.Length);
        }
        else if (extra == 8)
        {
            BinaryPrimitives.WriteInt64BigEndian(frame.AsSpan(2), payload.Length);
        }

        payload.CopyTo(frame.AsSpan(2 + extra + 4));
        return frame;
    }

    /// <summary>Sends one frame that <see cref="Frame"/> made.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> frame, CancellationToken ct)
    {
        await _sending.WaitAsync(ct);
        try
        {
            while (!frame.IsEmpty)
            {
                frame = frame[await _socket.SendAsync(frame, SocketFlags.None, ct)..];
            }
        }
        catch (ObjectDisposedException e)
        {
            throw new IOException("the socket was cut", e);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>The next message; the hub sends each in one frame.</summary>
    /// <exception cref="IOException">The connection ended.</exception>
    public async Task<SocketMessage> ReadAsync(CancellationToken ct)
    {
        await FillAsync(2, ct);
        int opcode = _buffer[_start] & 0x0f, length = _buffer[_start + 1] & 0x7f, head = 2;
        if (length >= 126)
        {
            head = length == 126 ? 4 : 10;
            await FillAsync(head, ct);
            length = length == 126 ? BinaryPrimitives.ReadUInt16BigEndian(_buffer.AsSpan(_start + 2))
                : checked((int)BinaryPrimitives.ReadInt64BigEndian(_buffer.AsSpan(_start + 2)));
        }

        await FillAsync(head + length, ct);
        var payload = _buffer.AsSpan(_start + head, length).ToArray();
        _start += head + length;
        GiveBack();
        return new SocketMessage(opcode, payload);
    }

    /// <summary>Ends the connection as a broken network does: with a reset, and without a word.</summary>
    public void Cut()
    {
        _socket.LingerState = new LingerOption(enable: true, seconds: 0);
        Dispose();
    }

    // Not the semaphore, which has nothing to dispose of: a sender may still wait for it.
    public void Dispose() => _socket.Dispose();

    private async Task UpgradeAsync(Uri hub, string path, CancellationToken ct)
    {
        var request = $"GET /{path} HTTP/1.1\r\nHost: {hub.Authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
        await SendAsync(Encoding.ASCII.GetBytes(request), ct);
        int end;
        do
        {
            await FillAsync(_end - _start + 1, ct);
        }
        while ((end = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n\r\n"u8)) < 0);

        var status = int.Parse(Encoding.ASCII.GetString(_buffer, _start + "HTTP/1.1 ".Length, 3), CultureInfo.InvariantCulture);
        if (status != (int)HttpStatusCode.SwitchingProtocols)
        {
            throw new HttpRequestException($"the hub answered {status}", inner: null, (HttpStatusCode)status);
        }

        _start += end + 4;
        GiveBack();
    }

    /// <summary>Waits until so many bytes are in the buffer.</summary>
    private async Task FillAsync(int count, CancellationToken ct)
    {
        try
        {
            if (_start == _end)
            {
                await _socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, ct);
            }

            while (_end - _start < count)
            {
                Reserve(count);
                var read = await _socket.ReceiveAsync(_buffer.AsMemory(_end), SocketFlags.None, ct);
                _end += read > 0 ? read : throw new IOException("the hub closed the connection");
            }
        }
        catch (ObjectDisposedException e)
        {
            throw new IOException("the socket was cut", e);
        }
    }

    private void Reserve(int count)
    {
        if (_buffer.Length - _start >= count && _end < _buffer.Length)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(SmallBuffer, count * 2));
        _buffer.AsSpan(_start, _end - _start).CopyTo(larger);
        (_start, _end) = (0, _end - _start);
        Return();
        _buffer = larger;
    }

    private void GiveBack()
    {
        if (_start == _end)
        {
            (_start, _end) = (0, 0);
            Return();
            _buffer = [];
        }
    }

    private void Return()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }
}
