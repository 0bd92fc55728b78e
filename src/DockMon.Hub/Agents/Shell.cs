using System.Text.Json;
using System.Threading.Channels;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>A shell that an API user has open. It belongs to one connection of the agent, and ends with it.</summary>
internal sealed class Shell(AgentSession session, string id) : IDisposable
{
    /// <summary>Most messages that wait for a user who reads slowly; the protocol has no way to slow the agent down.</summary>
    private const int MostMessages = 512;

    /// <summary>Most characters of output that wait.</summary>
    private const int MostCharacters = 16 * 1024 * 1024;

    private readonly Channel<ShellData> _output = Channel.CreateBounded<ShellData>(MostMessages);
    private long _characters;

    /// <summary>What the agent says of it, until it ends.</summary>
    /// <exception cref="AgentException">It ended because of the agent or of the user.</exception>
    public async IAsyncEnumerable<ShellData> ReadAllAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var data in _output.Reader.ReadAllAsync(ct))
        {
            Interlocked.Add(ref _characters, -(data.Data?.Length ?? 0));
            yield return data;
        }
    }

    /// <summary>Says something to the shell.</summary>
    /// <exception cref="AgentException">Its agent is gone.</exception>
    public void Send(ShellSession message)
    {
        var payload = JsonSerializer.SerializeToUtf8Bytes(message with { SessionId = id }, ProtocolJson.Default.ShellSession);
        session.Send(FrameWriter.Request(FrameTypes.ShellSession, null, payload, null));
    }

    /// <summary>The agent said something of it.</summary>
    public void HandleFrame(ShellData data)
    {
        if (Interlocked.Add(ref _characters, data.Data?.Length ?? 0) > MostCharacters || !_output.Writer.TryWrite(data))
        {
            End(new AgentException(AgentFailure.Refused, "the output is not read fast enough"));
        }
    }

    public void End(AgentException reason) => _output.Writer.TryComplete(reason);

    public void Dispose() => session.Forget(id);
}
