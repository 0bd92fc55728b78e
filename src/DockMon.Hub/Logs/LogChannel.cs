using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using DockMon.Hub.Agents;
using DockMon.Protocol;

namespace DockMon.Hub.Logs;

/// <summary>
/// A followed log on one connection of an agent. The agent sends as many frames as it has credit for; each frame that was read gives it another one. So a slow
/// reader needs no more memory than that, and loses nothing.
/// </summary>
internal sealed class LogChannel(AgentSession session, LogChannels owner, string id) : IAgentLog
{
    /// <summary>Maximum number of queued frames, each of about 32 KiB.</summary>
    public const int Credit = 16;

    private const int CreditStep = Credit / 2;

    private static readonly SearchValues<char> TimeCharacters = SearchValues.Create("0123456789-:.+TZ");

    private readonly Channel<LogData> _frames = Channel.CreateBounded<LogData>(Credit);
    private long _seq;
    private int _read;
    private LogEnd? _end;

    /// <inheritdoc/>
    public LogEnd? End => _end;

    /// <inheritdoc/>
    public async IAsyncEnumerable<LogData> ReadAllAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var data in _frames.Reader.ReadAllAsync(ct))
        {
            GiveCredit();
            yield return data;
        }
    }

    /// <summary>Sends a message of this log.</summary>
    /// <exception cref="AgentException">The agent is not connected.</exception>
    public void Send(LogStreamRequest message)
    {
        var payload = JsonSerializer.SerializeToUtf8Bytes(message with { StreamId = id }, ProtocolJson.Default.LogStreamRequest);
        session.Send(FrameWriter.Request(FrameTypes.LogStream, null, payload, null));
    }

    /// <summary>Queues a frame of the agent.</summary>
    public void Take(LogData data)
    {
        if (!data.Lines.All(IsLine))
        {
            Fail(new AgentException(AgentFailure.Refused, "the agent sent lines of the log that are none"));
        }
        else if (data.Seq != ++_seq)
        {
            Fail(new AgentException(AgentFailure.Refused, $"lines of the log are missing: frame {_seq} did not arrive"));
        }
        else if (!_frames.Writer.TryWrite(data))
        {
            Fail(new AgentException(AgentFailure.Refused, "the agent sent more lines than it was asked for"));
        }
    }

    /// <summary>The log has ended.</summary>
    public void Take(LogEnd end)
    {
        _end = end;
        _frames.Writer.TryComplete();
    }

    // JSON can say null where the type says it cannot; and times become ids of server-sent events, which are lines.
    private static bool IsLine(LogLine? line) =>
        line is { Time: { Length: <= Rfc3339.MaxLength + 8 } time, Stream: "stdout" or "stderr", Text: not null }
        && time.AsSpan().IndexOfAnyExcept(TimeCharacters) < 0;

    public void Fail(AgentException reason) => _frames.Writer.TryComplete(reason);

    /// <summary>Stops it, if the connection is still there.</summary>
    public ValueTask DisposeAsync()
    {
        try
        {
            if (owner.Forget(id) && !_frames.Reader.Completion.IsCompleted)
            {
                Send(new LogStreamRequest { Action = "stop" });
            }
        }
        catch (AgentException)
        {
            // It has ended with the connection.
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Frames that were read give the agent credit for more.</summary>
    private void GiveCredit()
    {
        if (++_read % CreditStep != 0)
        {
            return;
        }

        try
        {
            Send(new LogStreamRequest { Action = "credit", Credit = CreditStep });
        }
        catch (AgentException e)
        {
            Fail(e); // What has arrived is read before.
        }
    }
}
