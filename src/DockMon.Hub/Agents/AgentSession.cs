using System.Net.WebSockets;
using DockMon.Hub.Agents.Delivery;
using DockMon.Hub.Agents.Limits;
using DockMon.Hub.Logs;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>One connection of a registered agent, and the shells and logs that belong to it. A reconnect creates a new session.</summary>
internal sealed class AgentSession
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Shell> _shells = new(StringComparer.Ordinal);
    private readonly DeliveryStream _delivery;
    private bool _ended;
    private int _events;

    /// <param name="host">The host, as registered on this connection.</param>
    /// <param name="connection">Its socket.</param>
    /// <param name="quota">What the host may have of the hub.</param>
    /// <param name="delivery">What is below the socket.</param>
    public AgentSession(HostRecord host, AgentConnection connection, HostQuota quota, DeliveryStream delivery)
    {
        (Host, Connection, Quota, _delivery) = (host, connection, quota, delivery);
        Logs = new LogChannels(this);
    }

    public HostRecord Host { get; }

    /// <summary>The logs that are followed on this connection.</summary>
    public LogChannels Logs { get; }

    public AgentConnection Connection { get; }

    public HostQuota Quota { get; }

    /// <summary>Its id, which no other session of any hub has.</summary>
    public string Id { get; } = Guid.NewGuid().ToString();

    /// <summary>Number of the agent's connections to the hubs of a fleet, with this one; 0 where there is one hub.</summary>
    public long Epoch { get; set; }

    /// <summary>Whether the agent has connected to another hub since.</summary>
    public bool IsTaken { get; private set; }

    /// <summary>Completes when all events that were read are handled, with whether all of them are stored. Before, no ping is answered.</summary>
    public Task<bool> Stored
    {
        get => _delivery.Stored;
        set => _delivery.Stored = value;
    }

    /// <summary>Counts events that are being stored.</summary>
    /// <returns>Their number.</returns>
    public int CountEvents(int more) => Interlocked.Add(ref _events, more);

    /// <summary>Whether an extension of the protocol is used on this connection: one of <see cref="ExtensionNames"/>.</summary>
    public bool Uses(string extension) => AgentExtensions.UsedWith(Host).Contains(extension);

    /// <summary>Whether it has ended; its connection may still be closing.</summary>
    public bool IsEnded
    {
        get
        {
            lock (_gate)
            {
                return _ended;
            }
        }
    }

    /// <summary>Queues a frame.</summary>
    /// <exception cref="AgentException">The connection has ended, or its queue is full.</exception>
    public void Send(byte[] frame)
    {
        if (IsEnded || !Connection.TrySend(frame))
        {
            throw new AgentException(AgentFailure.NotConnected, "the host's agent is not connected");
        }
    }

    /// <summary>Opens a shell; the caller disposes it.</summary>
    /// <exception cref="AgentException">The connection has ended, or there are too many shells.</exception>
    public Shell OpenShell(string containerId)
    {
        var id = Guid.NewGuid().ToString();
        var shell = new Shell(this, id);
        lock (_gate)
        {
            if (_ended)
            {
                throw Lost();
            }

            if (_shells.Count >= Quota.Limits.Shells)
            {
                Quota.Reach(HostLimit.Shells, "another shell was refused");
                throw new AgentException(AgentFailure.Refused, $"the host has {_shells.Count} open shells, which is the most: close one first");
            }

            _shells.Add(id, shell);
        }

        try
        {
            shell.Send(new ShellSession { Action = "start", ContainerId = containerId });
            return shell;
        }
        catch (AgentException)
        {
            shell.Dispose();
            throw;
        }
    }

    /// <summary>Forwards a message to its shell.</summary>
    public void TakeShell(ShellData data)
    {
        Shell? shell;
        lock (_gate)
        {
            _shells.TryGetValue(data.SessionId, out shell);
        }

        shell?.HandleFrame(data);
    }

    public void Forget(string shellId)
    {
        lock (_gate)
        {
            _shells.Remove(shellId);
        }
    }

    /// <summary>Ends the session because the agent has connected to another hub.</summary>
    public void EndTaken()
    {
        IsTaken = true;
        End(WebSocketCloseStatus.NormalClosure, AgentRegistry.NewConnection);
    }

    /// <summary>Ends the session, its shells and logs, and closes the connection; the first reason counts.</summary>
    public void End(WebSocketCloseStatus status, string reason)
    {
        Shell[] shells;
        lock (_gate)
        {
            _ended = true;
            shells = [.. _shells.Values];
            _shells.Clear();
        }

        foreach (var shell in shells)
        {
            shell.End(Lost());
        }

        Logs.End(Lost());
        Connection.Close(status, reason);
    }

    private static AgentException Lost() => new(AgentFailure.NotConnected, "the connection to the host's agent was lost");
}
