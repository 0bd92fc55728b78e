using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace DockMon.Hub.Tests.Agents;

/// <summary>An agent's socket that says one frame, and dies when it is answered.</summary>
internal sealed class DyingSocket(string frame, Action whenAnswered) : WebSocket, IHttpWebSocketFeature
{
    private readonly byte[] _frame = Encoding.UTF8.GetBytes(frame);
    private bool _read;

    public bool IsWebSocketRequest => true;

    public override WebSocketCloseStatus? CloseStatus => null;

    public override string? CloseStatusDescription => null;

    public override WebSocketState State => WebSocketState.Aborted;

    public override string? SubProtocol => null;

    public Task<WebSocket> AcceptAsync(WebSocketAcceptContext context) => Task.FromResult<WebSocket>(this);

    public override ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (buffer.Length == 0)
        {
            return ValueTask.FromResult(new ValueWebSocketReceiveResult(0, WebSocketMessageType.Text, endOfMessage: false));
        }

        if (_read)
        {
            throw new WebSocketException(WebSocketError.ConnectionClosedPrematurely);
        }

        _read = true;
        _frame.CopyTo(buffer);
        return ValueTask.FromResult(new ValueWebSocketReceiveResult(_frame.Length, WebSocketMessageType.Text, endOfMessage: true));
    }

    public override Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public override Task SendAsync(ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken)
    {
        whenAnswered();
        throw new WebSocketException(WebSocketError.ConnectionClosedPrematurely);
    }

    public override void Abort()
    {
        // It is dead already.
    }

    public override Task CloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public override Task CloseOutputAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public override void Dispose()
    {
        // It holds nothing.
    }
}
