using System.Text.Json;
using System.Threading.Channels;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>An open shell of an API user. It belongs to one connection of the agent and ends with it.</summary>
internal sealed class Shell(AgentSession session, string id) : IAgentShell, IDisposable
{
    /// <summary>Maximum number of queued messages. The protocol has no flow control for slow readers.</summary>
    private const int MostMessages = 512;

    /// <summary>Maximum number of queued characters of output.</summary>
    private const int MostCharacters = 16 * 1024 * 1024;

    private readonly Channel<ShellData> _output = Channel.CreateBounded<ShellData>(MostMessages);
    private long _characters;

    /// <summary>Messages of the agent until the shell ends.</summary>
    /// <exception cref="AgentException">The agent disconnected, or the reader was too slow.</exception>
    public async IAsyncEnumerable<ShellData> ReadAllAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var data in _output.Reader.ReadAllAsync(ct))
        {
            Interlocked.Add(ref _characters, -(data.Data?.Length ?? 0));
            yield return data;
        }
    }

    public ValueTask SendAsync(ShellSession message, CancellationToken ct)
    {
        Send(message);
        return ValueTask.CompletedTask;
    }

    /// <summary>Sends a message to the shell.</summary>
    /// <exception cref="AgentException">The agent is not connected.</exception>
    public void Send(ShellSession message)
    {
        var payload = JsonSerializer.SerializeToUtf8Bytes(message with { SessionId = id }, ProtocolJson.Default.ShellSession);
        session.Send(FrameWriter.Request(FrameTypes.ShellSession, null, payload, null));
    }

    /// <summary>Queues a message of the agent.</summary>
    public void HandleFrame(ShellData data)
    {
        if (Interlocked.Add(ref _characters, data.Data?.Length ?? 0) > MostCharacters || !_output.Writer.TryWrite(data))
        {
            End(new AgentException(AgentFailure.Refused, "the output is not read fast enough"));
        }
    }

    public void End(AgentException reason) => _output.Writer.TryComplete(reason);

    public void Dispose() => session.Forget(id);

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
