using DockMon.Protocol;
using DockMon.Testing;

namespace DockMon.Bench;

/// <summary>What went from an agent to the server so far.</summary>
/// <param name="ControlFrames">Messages on the control socket.</param>
/// <param name="StatsFrames">Messages on the stats socket.</param>
/// <param name="Bytes">Bytes on both, the heads of requests and frames included.</param>
internal sealed record Sent(long ControlFrames, long StatsFrames, long Bytes);

/// <summary>Counts what passes between one agent and the server, over all its connections.</summary>
internal sealed class Traffic(TimeProvider time)
{
    private const int FirstControlOpcode = 8;

    private readonly Lock _gate = new();
    private TaskCompletionSource<long> _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _control;
    private long _stats;
    private long _bytes;

    /// <summary>So far.</summary>
    public Sent Sent
    {
        get
        {
            lock (_gate)
            {
                return new Sent(_control, _stats, _bytes);
            }
        }
    }

    /// <summary>When the server first says something on a control socket from now on, which is its answer to the registration.</summary>
    public Task<long> NextAnswer()
    {
        lock (_gate)
        {
            _answered = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            return _answered.Task;
        }
    }

    /// <summary>The watcher of one more connection.</summary>
    public BytesPassing Watch()
    {
        var control = false;
        void Saw(string requestLine) => control = requestLine.Contains(ProtocolLimits.ControlPath, StringComparison.Ordinal);
        var up = new FrameCounter(Saw, opcode => Count(control, opcode));
        var down = new FrameCounter(_ => { }, opcode => Answer(control, opcode));
        return (fromClient, bytes) =>
        {
            lock (_gate)
            {
                _bytes += fromClient ? bytes.Length : 0;
                (fromClient ? up : down).Take(bytes);
            }
        };
    }

    private void Count(bool control, int opcode)
    {
        // 0 goes on with a message that is counted already.
        if (opcode is > 0 and < FirstControlOpcode)
        {
            (control ? ref _control : ref _stats)++;
        }
    }

    private void Answer(bool control, int opcode)
    {
        if (control && opcode < FirstControlOpcode)
        {
            _answered.TrySetResult(time.GetTimestamp());
        }
    }
}
