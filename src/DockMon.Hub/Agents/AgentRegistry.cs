using System.Collections.Concurrent;
using System.Net.WebSockets;
using DockMon.Hub.Api;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>
/// Connected agents and pending requests. A request belongs to the host, not to the connection: an agent that lost its connection
/// answers on its next one.
/// </summary>
internal sealed class AgentRegistry(EventFeed feed, TimeProvider time)
{
    private const string Stopping = "the hub is stopping";

    private readonly Lock _gate = new();
    private readonly Dictionary<string, AgentSession> _sessions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AgentConnection> _statsSockets = new(StringComparer.Ordinal);
    private bool _isStopping;
    private readonly ConcurrentDictionary<string, (string HostId, TaskCompletionSource<Frame> Answer)> _pending = new(StringComparer.Ordinal);

    /// <summary>Raised after an agent has connected; handlers return at once.</summary>
    public event Action<AgentSession>? Connected;

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

        older?.End(WebSocketCloseStatus.NormalClosure, "New connection established");
        if (Volatile.Read(ref _isStopping))
        {
            session.End(WebSocketCloseStatus.EndpointUnavailable, Stopping);
        }

        Connected?.Invoke(session);
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
                feed.Publish(FeedNames.HostDisconnected, session.Host.Id, session.Host.Registration);
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

        older?.Close(WebSocketCloseStatus.NormalClosure, "New connection established");
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

    /// <summary>Closes both sockets of a removed host and fails its pending requests.</summary>
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
        foreach (var (_, (asked, answer)) in _pending)
        {
            if (asked == hostId)
            {
                answer.TrySetException(new AgentException(AgentFailure.NotConnected, "the host was removed"));
            }
        }
    }

    /// <summary>Sends a request to an agent and waits for the answer.</summary>
    /// <param name="hostId">The host.</param>
    /// <param name="type"><see cref="FrameTypes.Command"/> or <see cref="FrameTypes.ContainerOperation"/>.</param>
    /// <param name="command">The command's name; null for an operation.</param>
    /// <param name="payload">One JSON value, or empty.</param>
    /// <param name="limit">Timeout.</param>
    /// <param name="ct">Cancels the wait.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="AgentException">The request failed.</exception>
    public async Task<Frame> AskAsync(string hostId, string type, string? command, ReadOnlyMemory<byte> payload, TimeSpan limit, CancellationToken ct)
    {
        var id = Guid.NewGuid().ToString();
        var answer = new TaskCompletionSource<Frame>(TaskCreationOptions.RunContinuationsAsynchronously);
        var session = Get(hostId);
        session.Quota.BeginRequest();
        _pending[id] = (hostId, answer);
        using var late = new CancellationTokenSource(limit, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        try
        {
            session.Send(FrameWriter.Request(type, command, payload.Span, id));
            var frame = await answer.Task.WaitAsync(ended.Token);
            return frame.Error is null && frame.Success != false ? frame
                : throw new AgentException(AgentFailure.Refused, frame.Error ?? "the agent gave no reason");
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            throw new AgentException(AgentFailure.TimedOut, $"the agent did not answer within {limit.TotalSeconds:0} s (timeout)");
        }
        finally
        {
            _pending.TryRemove(id, out _);
            session.Quota.EndRequest();
        }
    }

    /// <summary>
    /// Completes a pending request. Late and repeated answers are ignored, and so are answers to requests of another host.
    /// </summary>
    public void Answered(string hostId, string id, Frame frame)
    {
        if (_pending.TryGetValue(id, out var asked) && asked.HostId == hostId)
        {
            asked.Answer.TrySetResult(frame);
        }
    }
}
