using System.Net.WebSockets;
using System.Text;
using DockMon.Protocol;
using Microsoft.AspNetCore.Http;

namespace DockMon.Testing;

/// <summary>The server's end of one connection.</summary>
public sealed class ScriptedConnection(WebSocket socket, HttpContext context)
{
    public string Register { get; set; } = "";

    public WebSocketCloseStatus? CloseStatus => socket.CloseStatus;

    public Task WelcomeAsync(string token = "permanent-0001") =>
        SendAsync(FrameWriter.Message(new AuthSuccess { AgentId = "a", HostId = "h", PermanentToken = token }, ProtocolJson.Default.AuthSuccess));

    public async Task RefuseAsync(string error)
    {
        await SendAsync(FrameWriter.Message(new AuthError { Error = error }, ProtocolJson.Default.AuthError));
        await CloseAsync(WebSocketCloseStatus.PolicyViolation, error);
    }

    public Task SendAsync(ReadOnlyMemory<byte> frame) =>
        socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, context.RequestAborted).AsTask();

    public Task SendAsync(string frame) => SendAsync(Encoding.UTF8.GetBytes(frame));

    /// <summary>The next text frame; null when the agent closed.</summary>
    public async Task<string?> ReadAsync()
    {
        var buffer = new byte[64 * 1024];
        using var message = new MemoryStream();
        while (true)
        {
            var result = await socket.ReceiveAsync(buffer, context.RequestAborted);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            message.Write(buffer, 0, result.Count);
            if (result.EndOfMessage)
            {
                return Encoding.UTF8.GetString(message.ToArray());
            }
        }
    }

    public Task CloseAsync(WebSocketCloseStatus status, string reason) => socket.CloseOutputAsync(status, reason, context.RequestAborted);

    /// <summary>Reads until the agent closes.</summary>
    public async Task ReadToCloseAsync()
    {
        while (await ReadAsync() is not null)
        {
        }
    }

    public void Drop() => context.Abort();
}
