using System.Buffers.Binary;

namespace DockMon.Hub.Bus;

/// <summary>
/// Cuts messages into parts, because NATS carries at most 1 MiB at once, and joins them. A part begins with the number of its message, its offset and
/// the length of the whole.
/// </summary>
internal sealed class MessageParts
{
    /// <summary>Maximum size of a message: a frame of an agent, and what stands around it.</summary>
    public const int MaxBytes = Protocol.ProtocolLimits.ControlFrameBytes + (1024 * 1024);

    /// <summary>Maximum size of what a part carries.</summary>
    public const int PartBytes = 128 * 1024;

    /// <summary>Maximum size of the messages that are incomplete.</summary>
    private const int MostWaitingBytes = 4 * MaxBytes;

    private const int HeaderBytes = 16;

    private readonly Dictionary<ulong, Incomplete> _incomplete = [];
    private readonly Queue<ulong> _order = new();
    private long _waitingBytes;

    /// <summary>Number of messages that were given up because parts of them are missing.</summary>
    public long Lost { get; private set; }

    /// <summary>Cuts a message.</summary>
    public static IEnumerable<byte[]> Cut(ReadOnlyMemory<byte> message)
    {
        if (message.Length > MaxBytes)
        {
            throw new ArgumentException($"a message between hubs has at most {MaxBytes} bytes, and this one {message.Length}");
        }

        var number = (ulong)Random.Shared.NextInt64(long.MinValue, long.MaxValue);
        var offset = 0;
        do
        {
            var length = Math.Min(PartBytes, message.Length - offset);
            var part = new byte[HeaderBytes + length];
            BinaryPrimitives.WriteUInt64LittleEndian(part, number);
            BinaryPrimitives.WriteInt32LittleEndian(part.AsSpan(8), offset);
            BinaryPrimitives.WriteInt32LittleEndian(part.AsSpan(12), message.Length);
            message.Span.Slice(offset, length).CopyTo(part.AsSpan(HeaderBytes));
            yield return part;
            offset += length;
        }
        while (offset < message.Length);
    }

    /// <summary>Adds a part. Not thread-safe.</summary>
    /// <returns>The message, when this was its last part.</returns>
    public ReadOnlyMemory<byte>? Add(byte[]? part)
    {
        if (part is null || part.Length < HeaderBytes)
        {
            return null;
        }

        var number = BinaryPrimitives.ReadUInt64LittleEndian(part);
        var offset = BinaryPrimitives.ReadInt32LittleEndian(part.AsSpan(8));
        var total = BinaryPrimitives.ReadInt32LittleEndian(part.AsSpan(12));
        var data = part.AsMemory(HeaderBytes);
        if (offset == 0 && data.Length == total)
        {
            return data;
        }

        if (offset == 0 && total is > 0 and <= MaxBytes)
        {
            Begin(number, total);
        }

        if (!_incomplete.TryGetValue(number, out var message))
        {
            return null;
        }

        if (message.Filled != offset || data.Length > message.Bytes.Length - offset)
        {
            GiveUp(number);
            return null;
        }

        data.CopyTo(message.Bytes.AsMemory(offset));
        message.Filled += data.Length;
        if (message.Filled < message.Bytes.Length)
        {
            return null;
        }

        Remove(number);
        return message.Bytes;
    }

    private void Begin(ulong number, int total)
    {
        while (_waitingBytes + total > MostWaitingBytes && _order.TryDequeue(out var oldest))
        {
            GiveUp(oldest);
        }

        if (_incomplete.TryAdd(number, new Incomplete(new byte[total])))
        {
            _order.Enqueue(number);
            _waitingBytes += total;
        }
    }

    private void GiveUp(ulong number)
    {
        if (Remove(number))
        {
            Lost++;
        }
    }

    private bool Remove(ulong number)
    {
        if (!_incomplete.Remove(number, out var message))
        {
            return false;
        }

        _waitingBytes -= message.Bytes.Length;
        while (_order.TryPeek(out var oldest) && !_incomplete.ContainsKey(oldest))
        {
            _order.Dequeue();
        }

        return true;
    }

    private sealed class Incomplete(byte[] bytes)
    {
        public byte[] Bytes => bytes;

        public int Filled { get; set; }
    }
}
