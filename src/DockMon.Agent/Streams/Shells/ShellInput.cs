using System.Threading.Channels;

namespace DockMon.Agent.Streams.Shells;

/// <summary>What was typed and is not yet written, in the order it came. A program that does not read cannot fill the agent's memory.</summary>
internal sealed class ShellInput
{
    /// <summary>Most bytes that wait.</summary>
    public const int Limit = 4 * 1024 * 1024;

    // Single characters weigh more than their bytes: what the queue needs for each is counted, too.
    private const int Overhead = 64;

    private readonly Channel<byte[]> _queue = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions { SingleReader = true });
    private long _waiting;

    /// <summary>Queues input; false when too much waits.</summary>
    public bool TryAdd(byte[] data)
    {
        var cost = data.Length + Overhead;
        if (Interlocked.Add(ref _waiting, cost) > Limit)
        {
            Interlocked.Add(ref _waiting, -cost);
            return false;
        }

        return _queue.Writer.TryWrite(data);
    }

    /// <summary>Waits for the oldest input. It counts as waiting until <see cref="Written"/> says otherwise.</summary>
    public ValueTask<byte[]> NextAsync(CancellationToken ct) => _queue.Reader.ReadAsync(ct);

    /// <summary>The program has taken it.</summary>
    public void Written(byte[] data) => Interlocked.Add(ref _waiting, -(data.Length + Overhead));
}
