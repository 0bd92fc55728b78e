using System.Net.WebSockets;

namespace DockMon.Agent.Connection;

/// <summary>The server refused the registration.</summary>
/// <param name="reason">Its own words.</param>
internal sealed class RegistrationRejectedException(string reason) : Exception(reason);

/// <summary>Why a connection ended.</summary>
/// <param name="Reason">One sentence for people.</param>
/// <param name="Closed">The status of the server's Close frame, if it sent one.</param>
/// <param name="Replaced">Whether the server closed it in favour of another connection of the same agent.</param>
internal sealed record ConnectionEnd(string Reason, WebSocketCloseStatus? Closed = null, bool Replaced = false)
{
    /// <summary>The agent ended it to register anew.</summary>
    public static ConnectionEnd Renewal { get; } = new("the agent registers anew");
}
