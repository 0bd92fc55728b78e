using System.Net.WebSockets;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Connection;

/// <summary>An open WebSocket to the server. What is sent leaves with the next <see cref="FlushAsync"/>, or before that when there is enough of it.</summary>
/// <param name="socket">The WebSocket, to read from and to close.</param>
/// <param name="stream">The stream it writes to.</param>
/// <param name="tokens">What is taken out of whatever the server says.</param>
internal sealed class ServerSocket(WebSocket socket, GatheringStream stream, OwnTokens tokens) : IDisposable
{
    private const int FragmentBytes = 256 * 1024;

    public WebSocket WebSocket => socket;

    public OwnTokens Tokens => tokens;

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

    /// <summary>Told the number of each of our pings that was answered, on the thread that reads.</summary>
    public Action<long>? Ponged
    {
        set => stream.Ponged = value;
    }

    /// <summary>How many frames were sent.</summary>
    public long Sent => stream.Messages;

    /// <summary>Sends a ping. Unlike a frame it may be sent beside another, and gets between its pieces.</summary>
    /// <param name="begin">Gets the number of frames that were sent before it, and says the ping's own number.</param>
    /// <param name="ct">Gives up.</param>
    public ValueTask PingAsync(Func<long, long> begin, CancellationToken ct) => stream.PingAsync(begin, ct);

    /// <summary>Says goodbye: answers the server's Close frame with one, or sends one of ours.</summary>
    /// <param name="status">The status of ours; an answer has the server's.</param>
    /// <param name="reason">Why, for the server's log.</param>
    /// <param name="logger">Told when it was not possible.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>Whether it was said.</returns>
    public async Task<bool> CloseAsync(WebSocketCloseStatus status, string reason, ILogger logger, CancellationToken ct)
    {
        try
        {
            if (socket.State == WebSocketState.CloseReceived)
            {
                (status, reason) = (socket.CloseStatus ?? status, "");
            }

            await socket.CloseOutputAsync(status, reason, ct);
            return true;
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            ConnectionLog.CloseFailed(logger, e is OperationCanceledException ? "timeout" : e.Message);
            return false;
        }
    }

    /// <summary>What the server closed it with.</summary>
    public string CloseText() =>
        socket.CloseStatus is { } status
            ? $"{(int)status} {tokens.Cut(socket.CloseStatusDescription)}".TrimEnd()
            : "without a close frame";

    public void Dispose() => socket.Dispose();
}
