using DockMon.Agent.Connection;
using DockMon.Protocol;

namespace DockMon.Agent.Tests.Connection;

/// <summary>Connections that a test makes and ends by itself.</summary>
internal static class TestConnections
{
    /// <summary>What a server says to an agent that registers.</summary>
    public static AuthSuccess Auth { get; } = new() { AgentId = "agent", HostId = "host", PermanentToken = "token" };

    /// <summary>A connection that is there, or not yet.</summary>
    public static ConnectionState Create(bool isConnected)
    {
        var state = new ConnectionState();
        state.Set(isConnected);
        return state;
    }

    /// <summary>Makes the connection, or ends it.</summary>
    public static void Set(this ConnectionState state, bool isConnected)
    {
        if (isConnected)
        {
            state.SetConnected(Auth);
        }
        else
        {
            state.SetDisconnected();
        }
    }
}
