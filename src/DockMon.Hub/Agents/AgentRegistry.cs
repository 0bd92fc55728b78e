using System.Collections.Concurrent;
using System.Net.WebSockets;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>Why a request to an agent has no result.</summary>
internal enum AgentFailure
{
    /// <summary>Its agent is not connected.</summary>
    NotConnected,

    /// <summary>It did not answer in time.</summary>
    TimedOut,

    /// <summary>It answered with an error.</summary>
    Refused,
}

/// <summary>A request to an agent that has no result.</summary>
internal sealed class AgentException(AgentFailure failure, string message) : Exception(message)
{
    public AgentFailure Failure => failure;
}

/// <summary>
/// Which agents are connected, and what they were asked. Requests belong to the host, not to the connection: an agent that lost its link
/// answers on its next one.
/// </summary>
internal sealed class AgentRegistry(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, AgentConnection> _connections = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<Frame>> _pending = new(StringComparer.Ordinal);

    public bool IsConnected(string hostId) => _connections.ContainsKey(hostId);

    /// <summary>A host's agent is here now; an older connection of it is closed.</summary>
    public void Connected(string hostId, AgentConnection connection)
    {
        AgentConnection? replaced = null;
        _connections.AddOrUpdate(hostId, connection, (_, old) =>
        {
            replaced = old;
            return connection;
        });
        replaced?.Close(WebSocketCloseStatus.NormalClosure, "New connection established");
    }

    /// <summary>A connection ended.</summary>
    /// <returns>Whether it was the host's current one.</returns>
    public bool Disconnected(string hostId, AgentConnection connection) => _connections.TryRemove(new(hostId, connection));

    /// <summary>Ends a host's connection, if it has one.</summary>
    public void Disconnect(string hostId, string reason)
    {
        if (_connections.TryGetValue(hostId, out var connection))
        {
            connection.Close(WebSocketCloseStatus.PolicyViolation, reason);
        }
    }

    /// <summary>Sends a frame that has no answer.</summary>
    public void Send(string hostId, byte[] frame)
    {
        if (!_connections.TryGetValue(hostId, out var connection) || !connection.TrySend(frame))
        {
            throw new AgentException(AgentFailure.NotConnected, "the host's agent is not connected");
        }
    }

    /// <summary>Asks an agent and waits for its answer.</summary>
    /// <param name="hostId">The host.</param>
    /// <param name="type"><see cref="FrameTypes.Command"/> or <see cref="FrameTypes.ContainerOperation"/>.</param>
    /// <param name="command">The command's name; null for an operation.</param>
    /// <param name="payload">One whole JSON value, or nothing.</param>
    /// <param name="limit">How long to wait.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>The answer, read from its frame.</returns>
    /// <exception cref="AgentException">There is no result.</exception>
    public async Task<Frame> AskAsync(string hostId, string type, string? command, ReadOnlyMemory<byte> payload, TimeSpan limit, CancellationToken ct)
    {
        var id = Guid.NewGuid().ToString();
        var answer = new TaskCompletionSource<Frame>(TaskCreationOptions.RunContinuationsAsynchronously);
        _pending[id] = answer;
        try
        {
            Send(hostId, FrameWriter.Request(type, command, payload.Span, id));
            var frame = await answer.Task.WaitAsync(limit, time, ct);
            return frame.Error is null && frame.Success != false ? frame : throw new AgentException(AgentFailure.Refused, frame.Error ?? "the agent gave no reason");
        }
        catch (TimeoutException)
        {
            throw new AgentException(AgentFailure.TimedOut, $"the agent did not answer within {limit.TotalSeconds:0} s");
        }
        finally
        {
            _pending.TryRemove(id, out _);
        }
    }

    /// <summary>An agent answered. An answer nobody waits for any more, or a repeated one, is nobody's loss.</summary>
    public void Answered(string id, Frame frame)
    {
        if (_pending.TryGetValue(id, out var answer))
        {
            answer.TrySetResult(frame);
        }
    }
}
