using System.Net.WebSockets;
using DockMon.Hub.Api.Feeds;

namespace DockMon.Hub.Agents;

/// <summary>The agents that are connected to this hub.</summary>
internal sealed class AgentRegistry(EventFeed feed)
{
    /// <summary>Reason of closing a connection after which the agent has made another one.</summary>
    public const string NewConnection = "New connection established";

    /// <summary>Reason of closing a connection because the hub stops.</summary>
    public const string Stopping = "the hub is stopping";

    private readonly Lock _gate = new();
    private readonly Dictionary<string, AgentSession> _sessions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AgentConnection> _statsSockets = new(StringComparer.Ordinal);
    private bool _isStopping;

    /// <summary>Called with the id of a host that was removed.</summary>
    public event Action<string>? Removed;

    public bool IsConnected(string hostId) => Find(hostId) is not null;

    public AgentSession? Find(string hostId)
    {
        lock (_gate)
        {
            return _sessions.GetValueOrDefault(hostId);
        }
    }

    /// <summary>A host's session.</summary>
    /// <exception cref="AgentException">The agent is not connected.</exception>
    public AgentSession Get(string hostId) => Find(hostId) ?? throw new AgentException(AgentFailure.NotConnected, "the host's agent is not connected");

    /// <summary>The sessions of all connected agents.</summary>
    public IReadOnlyList<AgentSession> Sessions()
    {
        lock (_gate)
        {
            return [.. _sessions.Values];
        }
    }

    /// <summary>Ids of the hosts that have a control socket or a stats socket.</summary>
    public IReadOnlySet<string> HostIds()
    {
        lock (_gate)
        {
            return _sessions.Keys.Concat(_statsSockets.Keys).ToHashSet(StringComparer.Ordinal);
        }
    }

    /// <summary>Adds a session, publishes the event, and ends an older session of the host.</summary>
    public void Connect(AgentSession session)
    {
        AgentSession? older;
        lock (_gate)
        {
            older = _sessions.GetValueOrDefault(session.Host.Id);
            _sessions[session.Host.Id] = session;
            feed.Publish(FeedNames.HostConnected, session.Host.Id, session.Host.Registration);
        }

        older?.End(WebSocketCloseStatus.NormalClosure, NewConnection);
        if (Volatile.Read(ref _isStopping))
        {
            session.End(WebSocketCloseStatus.EndpointUnavailable, Stopping);
        }
    }

    /// <summary>Ends all sessions, and those that are still to come: the hub is stopping.</summary>
    public void Stop()
    {
        Volatile.Write(ref _isStopping, true);
        AgentSession[] sessions;
        AgentConnection[] stats;
        lock (_gate)
        {
            sessions = [.. _sessions.Values];
            stats = [.. _statsSockets.Values];
        }

        Array.ForEach(sessions, session => session.End(WebSocketCloseStatus.EndpointUnavailable, Stopping));
        Array.ForEach(stats, connection => connection.Close(WebSocketCloseStatus.EndpointUnavailable, Stopping));
    }

    /// <summary>Removes a session. If it was the host's current one, publishes that the host disconnected.</summary>
    public void Disconnect(AgentSession session)
    {
        lock (_gate)
        {
            if (_sessions.TryGetValue(session.Host.Id, out var current) && current == session)
            {
                _sessions.Remove(session.Host.Id);
                if (!session.IsTaken)
                {
                    feed.Publish(FeedNames.HostDisconnected, session.Host.Id, session.Host.Registration);
                }
            }
        }

        session.End(WebSocketCloseStatus.NormalClosure, "");
    }

    /// <summary>Adds a stats socket and closes an older one of the host.</summary>
    public void ConnectStats(string hostId, AgentConnection connection)
    {
        AgentConnection? older;
        lock (_gate)
        {
            older = _statsSockets.GetValueOrDefault(hostId);
            _statsSockets[hostId] = connection;
        }

        older?.Close(WebSocketCloseStatus.NormalClosure, NewConnection);
        if (Volatile.Read(ref _isStopping))
        {
            connection.Close(WebSocketCloseStatus.EndpointUnavailable, Stopping);
        }
    }

    /// <summary>Removes a stats socket.</summary>
    public void DisconnectStats(string hostId, AgentConnection connection)
    {
        lock (_gate)
        {
            if (_statsSockets.TryGetValue(hostId, out var current) && current == connection)
            {
                _statsSockets.Remove(hostId);
            }
        }
    }

    /// <summary>Closes both sockets of a removed host and tells <see cref="Removed"/>.</summary>
    public void HostRemoved(string hostId)
    {
        AgentSession? session;
        AgentConnection? stats;
        lock (_gate)
        {
            session = _sessions.GetValueOrDefault(hostId);
            stats = _statsSockets.GetValueOrDefault(hostId);
        }

        const string Reason = "Host removed";
        session?.End(WebSocketCloseStatus.PolicyViolation, Reason);
        stats?.Close(WebSocketCloseStatus.PolicyViolation, Reason);
        Removed?.Invoke(hostId);
    }
}
