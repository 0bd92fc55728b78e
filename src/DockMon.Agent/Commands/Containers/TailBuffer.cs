namespace DockMon.Agent.Commands.Containers;

/// <summary>Keeps the last bytes of what is appended, and counts what it let go.</summary>
internal sealed class TailBuffer(int capacity)
{
    private const int BlockBytes = 64 * 1024;

    private readonly Queue<byte[]> _blocks = new();
    private byte[] _last = [];
    private int _used;
    private long _length;

    /// <summary>How many bytes were let go from the beginning.</summary>
    public long Dropped { get; private set; }

    public void Append(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            if (_used == _last.Length)
            {
                _last = new byte[BlockBytes];
                _used = 0;
                _blocks.Enqueue(_last);
            }

            var count = Math.Min(data.Length, _last.Length - _used);
            data[..count].CopyTo(_last.AsSpan(_used));
            data = data[count..];
            _used += count;
            _length += count;
            if (_length - BlockBytes >= capacity)
            {
                Dropped += _blocks.Dequeue().Length;
                _length -= BlockBytes;
            }
        }
    }

    /// <summary>What is kept, in one piece.</summary>
    public ReadOnlyMemory<byte> ToMemory()
    {
        var all = new byte[_length];
        var offset = 0;
        foreach (var block in _blocks)
        {
            var count = ReferenceEquals(block, _last) ? _used : block.Length;
            block.AsSpan(0, count).CopyTo(all.AsSpan(offset));
            offset += count;
        }

        return all;
    }
}
