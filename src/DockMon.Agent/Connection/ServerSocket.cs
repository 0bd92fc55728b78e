using System.Net.WebSockets;

namespace DockMon.Agent.Connection;

/// <summary>An open WebSocket to the server. What is sent leaves with the next <see cref="FlushAsync"/>, or before that when there is enough of it.</summary>
/// <param name="socket">The WebSocket, to read from and to close.</param>
/// <param name="stream">The stream it writes to.</param>
internal sealed class ServerSocket(WebSocket socket, GatheringStream stream) : IDisposable
{
    private const int FragmentBytes = 256 * 1024;

    public WebSocket WebSocket => socket;

    /// <summary>Sends a text frame: in pieces, so that pings get in between on a slow link and a large answer does not look like a dead connection.</summary>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken ct)
    {
        while (frame.Length > FragmentBytes)
        {
            await socket.SendAsync(frame[..FragmentBytes], WebSocketMessageType.Text, endOfMessage: false, ct);
            frame = frame[FragmentBytes..];
        }

        await socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, ct);
    }

    /// <summary>To be called when there is nothing more to send for the moment.</summary>
    public ValueTask FlushAsync(CancellationToken ct) => stream.ReleaseAsync(ct);

    public void Dispose() => socket.Dispose();
}
