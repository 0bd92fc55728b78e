using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>The shells that API users have open, by the id the hub gave them.</summary>
internal sealed class ShellSessions
{
    /// <summary>Most messages of one shell that wait for a user who reads slowly; the protocol has no way to slow the agent down.</summary>
    private const int Waiting = 512;

    private readonly ConcurrentDictionary<string, (string HostId, Channel<ShellData> Output)> _open = new(StringComparer.Ordinal);

    /// <summary>Makes a session; whoever does removes it, too.</summary>
    public ChannelReader<ShellData> Open(string hostId, string sessionId)
    {
        var output = Channel.CreateBounded<ShellData>(Waiting);
        _open[sessionId] = (hostId, output);
        return output.Reader;
    }

    /// <summary>Forgets a session.</summary>
    public void Remove(string sessionId) => _open.TryRemove(sessionId, out _);

    /// <summary>An agent said something of a shell. A host speaks only for its own.</summary>
    /// <exception cref="JsonException">It is no valid message.</exception>
    public void Take(string hostId, JsonElement payload)
    {
        if (payload.Deserialize(ProtocolJson.Default.ShellData) is not { } data || !_open.TryGetValue(data.SessionId, out var session) || session.HostId != hostId)
        {
            return;
        }

        if (!session.Output.Writer.TryWrite(data))
        {
            session.Output.Writer.TryComplete(new AgentException(AgentFailure.Refused, "the output is not read fast enough"));
        }
    }

    /// <summary>A host's connection is gone or new: the shells of the old one ended with it.</summary>
    public void EndAll(string hostId)
    {
        foreach (var (_, session) in _open.Where(open => open.Value.HostId == hostId))
        {
            session.Output.Writer.TryComplete(new AgentException(AgentFailure.NotConnected, "the connection to the host's agent was lost"));
        }
    }
}
