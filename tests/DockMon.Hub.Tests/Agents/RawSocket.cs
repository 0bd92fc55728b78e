using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using DockMon.Protocol;

namespace DockMon.Hub.Tests.Agents;

/// <summary>A control socket frame by frame, for what a client of .NET does not show: pings and their answers.</summary>
internal sealed class RawSocket : IDisposable
{
    public const int Text = 1;
    public const int Close = 8;
    public const int Ping = 9;
    public const int Pong = 10;

    private readonly TcpClient _client = new();

    private NetworkStream Stream => _client.GetStream();

    /// <summary>Connects and registers; the answer has been read.</summary>
    public static async Task<RawSocket> RegisterAsync(Uri hub, RegisterRequest request, CancellationToken ct)
    {
        var socket = new RawSocket();
        await socket._client.ConnectAsync(hub.Host, hub.Port, ct);
        await socket.Stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"GET /{ProtocolLimits.ControlPath} HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"), ct);
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            head.Append((char)(await socket.ReadAsync(1, ct))[0]);
        }

        await socket.SendAsync(Text, JsonSerializer.Serialize(request, ProtocolJson.Default.RegisterRequest), ct);
        var (_, answer) = await socket.ReadFrameAsync(ct);
        return Encoding.UTF8.GetString(answer).Contains("auth_success", StringComparison.Ordinal) ? socket
            : throw new InvalidOperationException(Encoding.UTF8.GetString(answer));
    }

    /// <summary>Sends a frame, masked with zeros.</summary>
    public async Task SendAsync(int opcode, string text, CancellationToken ct)
    {
        var payload = Encoding.UTF8.GetBytes(text);
        byte[] length = payload.Length < 126 ? [(byte)(0x80 | payload.Length)] : [0x80 | 126, (byte)(payload.Length >> 8), (byte)payload.Length];
        await Stream.WriteAsync((byte[])[(byte)(0x80 | opcode), .. length, 0, 0, 0, 0, .. payload], ct);
    }

    /// <summary>Sends a container event.</summary>
    public Task SendEventAsync(string action, CancellationToken ct) => SendAsync(
        Text,
        $$$"""{"type":"event","command":"container_event","payload":{"container_id":"c","action":"{{{action}}}","timestamp":"2026-01-01T00:00:00Z"}}""",
        ct);

    public async Task<(int Opcode, byte[] Payload)> ReadFrameAsync(CancellationToken ct)
    {
        var head = await ReadAsync(2, ct);
        var length = head[1] & 0x7F;
        length = length == 126 ? BinaryPrimitives.ReadUInt16BigEndian(await ReadAsync(2, ct)) : length;
        return (head[0] & 0x0F, await ReadAsync(length, ct));
    }

    /// <summary>The next frame that is no text: the hub asks agents for this and that.</summary>
    public async Task<(int Opcode, byte[] Payload)> ReadControlAsync(CancellationToken ct)
    {
        while (true)
        {
            var frame = await ReadFrameAsync(ct);
            if (frame.Opcode != Text)
            {
                return frame;
            }
        }
    }

    /// <summary>The frames without text up to the close frame, and its status and reason.</summary>
    public async Task<(List<int> Opcodes, int Status, string Reason)> ReadToEndAsync(CancellationToken ct)
    {
        var opcodes = new List<int>();
        while (true)
        {
            var (opcode, payload) = await ReadControlAsync(ct);
            if (opcode == Close)
            {
                return (opcodes, BinaryPrimitives.ReadUInt16BigEndian(payload), Encoding.UTF8.GetString(payload, 2, payload.Length - 2));
            }

            opcodes.Add(opcode);
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<byte[]> ReadAsync(int count, CancellationToken ct)
    {
        var buffer = new byte[count];
        await Stream.ReadExactlyAsync(buffer, ct);
        return buffer;
    }
}
