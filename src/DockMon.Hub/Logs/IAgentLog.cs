using DockMon.Hub.Agents;
using DockMon.Protocol;

namespace DockMon.Hub.Logs;

/// <summary>A followed log on one connection of an agent, of this hub or of another one. Disposing it ends it.</summary>
internal interface IAgentLog : IAsyncDisposable
{
    /// <summary>How it ended, once all frames were read.</summary>
    LogEnd? End { get; }

    /// <summary>The frames until the log ends. Who reads slowly slows the agent down.</summary>
    /// <exception cref="AgentException">The connection has ended, or the agent does not keep to the protocol.</exception>
    IAsyncEnumerable<LogData> ReadAllAsync(CancellationToken ct);
}
