using System.Buffers.Binary;
using System.Net;
using System.Text;
using System.Text.Json;
using DockMon.Protocol;
using DockMon.Testing;

namespace DockMon.Hub.Tests.Agents;

/// <summary>A control socket frame by frame, for what a client of .NET does not show: pings and their answers.</summary>
internal sealed class RawSocket : IDisposable
{
    private readonly AgentSocket _socket;

    private RawSocket(AgentSocket socket) => _socket = socket;

    /// <summary>Connects and registers; the answer has been read.</summary>
    public static async Task<RawSocket> RegisterAsync(Uri hub, RegisterRequest request, CancellationToken ct)
    {
        var socket = new RawSocket(await AgentSocket.ConnectAsync(hub, ProtocolLimits.ControlPath, IPAddress.Loopback, ct));
        await socket.SendAsync(AgentSocket.Text, JsonSerializer.Serialize(request, ProtocolJson.Default.RegisterRequest), ct);
        var answer = Encoding.UTF8.GetString((await socket._socket.ReadAsync(ct)).Payload);
        return answer.Contains("auth_success", StringComparison.Ordinal) ? socket : throw new InvalidOperationException(answer);
    }

    /// <summary>Sends a frame.</summary>
    public Task SendAsync(int opcode, string text, CancellationToken ct) => _socket.SendAsync(AgentSocket.Frame(opcode, Encoding.UTF8.GetBytes(text)), ct);

    /// <summary>Sends a container event.</summary>
    public Task SendEventAsync(string action, CancellationToken ct) => SendAsync(
        AgentSocket.Text,
        $$$"""{"type":"event","command":"container_event","payload":{"container_id":"c","action":"{{{action}}}","timestamp":"2026-01-01T00:00:00Z"}}""",
        ct);

    /// <summary>The next frame that is no text: the hub asks agents for this and that.</summary>
    public async Task<SocketMessage> ReadControlAsync(CancellationToken ct)
    {
        while (true)
        {
            var frame = await _socket.ReadAsync(ct);
            if (frame.Opcode != AgentSocket.Text)
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
            if (opcode == AgentSocket.Close)
            {
                return (opcodes, BinaryPrimitives.ReadUInt16BigEndian(payload), Encoding.UTF8.GetString(payload, 2, payload.Length - 2));
            }

            opcodes.Add(opcode);
        }
    }

    public void Dispose() => _socket.Dispose();
}
