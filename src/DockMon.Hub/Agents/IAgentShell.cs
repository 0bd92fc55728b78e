using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>An open shell, of an agent of this hub or of another one. Disposing it ends it.</summary>
internal interface IAgentShell : IAsyncDisposable
{
    /// <summary>Messages of the agent until the shell ends.</summary>
    /// <exception cref="AgentException">The agent disconnected, or the reader was too slow.</exception>
    IAsyncEnumerable<ShellData> ReadAllAsync(CancellationToken ct);

    /// <summary>Sends a message to the shell.</summary>
    /// <exception cref="AgentException">The agent is not connected.</exception>
    ValueTask SendAsync(ShellSession message, CancellationToken ct);
}
