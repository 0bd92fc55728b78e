using DockMon.Hub.Agents;
using DockMon.Protocol;

namespace DockMon.Hub.Logs;

/// <summary>The followed logs of one connection of an agent.</summary>
internal sealed class LogChannels(AgentSession session)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LogChannel> _open = new(StringComparer.Ordinal);
    private AgentException? _ended;

    /// <summary>Has the agent follow a log; the caller disposes it.</summary>
    /// <exception cref="AgentException">The connection has ended, or the agent cannot follow logs.</exception>
    public LogChannel Open(LogStreamRequest start)
    {
        if (!session.Uses(ExtensionNames.LogStream))
        {
            throw new AgentException(
                AgentFailure.Unsupported,
                "the agent of this host cannot follow logs: it is not the agent of this project, or an old one; the last lines can be read with …/logs");
        }

        var id = Guid.NewGuid().ToString();
        var channel = new LogChannel(session, this, id);
        lock (_gate)
        {
            if (_ended is { } reason)
            {
                throw reason;
            }

            _open.Add(id, channel);
        }

        try
        {
            channel.Send(start with { Action = "start", Credit = LogChannel.Credit });
            return channel;
        }
        catch (AgentException)
        {
            Forget(id);
            throw;
        }
    }

    public void Take(LogData data) => Find(data.StreamId)?.Take(data);

    public void Take(LogEnd end) => Find(end.StreamId)?.Take(end);

    /// <returns>Whether it was still there.</returns>
    public bool Forget(string id)
    {
        lock (_gate)
        {
            return _open.Remove(id);
        }
    }

    /// <summary>The connection has ended.</summary>
    public void End(AgentException reason)
    {
        LogChannel[] open;
        lock (_gate)
        {
            _ended ??= reason;
            open = [.. _open.Values];
            _open.Clear();
        }

        foreach (var channel in open)
        {
            channel.Fail(reason);
        }
    }

    private LogChannel? Find(string id)
    {
        lock (_gate)
        {
            return _open.GetValueOrDefault(id);
        }
    }
}
