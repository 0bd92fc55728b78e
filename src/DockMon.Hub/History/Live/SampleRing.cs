using DockMon.Hub.History.Blocks;

namespace DockMon.Hub.History.Live;

/// <summary>
/// The samples of the last minutes, each as its differences to the one before: about a dozen bytes. They are in chunks, each of which can be read by
/// itself: a new series takes one, and the oldest one is used again. Not thread-safe.
/// </summary>
internal sealed class SampleRing
{
    /// <summary>Maximum size in bytes, which only unusual samples reach; the oldest ones give way then.</summary>
    public const int MostBytes = MostChunks * ChunkBytes;

    private const int ChunkBytes = 512;
    private const int MostChunks = 22;

    // A clock that is set back by more than this makes the samples before worthless: they are of the future.
    private const long Backwards = 5000;

    private const int MostEncoded = (SampleShape.MostMembers + 2) * VarInt.MostBytes;

    private readonly Queue<Chunk> _chunks = new(2);
    private Chunk? _newest;
    private Chunk? _spare;
    private Sample _last;

    /// <summary>The newest sample; its time is 0 when there never was one.</summary>
    public ref readonly Sample Last => ref _last;

    /// <summary>Size in bytes.</summary>
    public int Bytes => (_chunks.Count + (_spare is null ? 0 : 1)) * ChunkBytes;

    /// <summary>Adds a sample and drops chunks without a sample since a time.</summary>
    public void Add(in Sample sample, long since)
    {
        if (sample.At < _last.At - Backwards)
        {
            _chunks.Clear();
            _newest = null;
        }

        Span<byte> encoded = stackalloc byte[MostEncoded];
        var length = _newest is null ? 0 : Encode(encoded, _last, sample);
        if (_newest is null || _newest.Length + length > ChunkBytes)
        {
            length = Encode(encoded, default, sample);
            DropOld(since);
            _newest = _spare ?? new Chunk();
            _spare = null;
            _newest.Length = 0;
            _chunks.Enqueue(_newest);
        }

        encoded[..length].CopyTo(_newest.Data.AsSpan(_newest.Length));
        _newest.Length += length;
        _newest.LastAt = sample.At;
        _last = sample;
    }

    /// <summary>Adds the samples since a time to a list, oldest first.</summary>
    public void Read(long since, List<Sample> samples)
    {
        foreach (var chunk in _chunks)
        {
            if (chunk.LastAt < since)
            {
                continue;
            }

            ReadOnlySpan<byte> encoded = chunk.Data.AsSpan(0, chunk.Length);
            var sample = default(Sample);
            while (TryDecode(ref encoded, ref sample))
            {
                if (sample.At >= since)
                {
                    samples.Add(sample);
                }
            }
        }
    }

    private static int Encode(Span<byte> destination, in Sample before, in Sample sample)
    {
        var changed = 0UL;
        for (var i = 0; i < SampleShape.MostMembers; i++)
        {
            changed |= sample.Values[i] == before.Values[i] ? 0 : 1UL << i;
        }

        var length = VarInt.WriteSigned(destination, sample.At - before.At);
        length += VarInt.Write(destination[length..], changed);
        for (var i = 0; i < SampleShape.MostMembers; i++)
        {
            if ((changed & (1UL << i)) != 0)
            {
                length += VarInt.WriteSigned(destination[length..], unchecked(sample.Values[i] - before.Values[i]));
            }
        }

        return length;
    }

    /// <param name="encoded">What is left to read.</param>
    /// <param name="sample">The sample before; the next one afterwards.</param>
    /// <returns>Whether there was one.</returns>
    private static bool TryDecode(ref ReadOnlySpan<byte> encoded, ref Sample sample)
    {
        if (!VarInt.TryReadSigned(ref encoded, out var elapsed) || !VarInt.TryRead(ref encoded, out var changed))
        {
            return false;
        }

        sample.At += elapsed;
        for (var i = 0; i < SampleShape.MostMembers; i++)
        {
            if ((changed & (1UL << i)) != 0)
            {
                VarInt.TryReadSigned(ref encoded, out var difference);
                sample.Values[i] = unchecked(sample.Values[i] + difference);
            }
        }

        return true;
    }

    private void DropOld(long since)
    {
        while (_chunks.TryPeek(out var oldest) && (oldest.LastAt < since || _chunks.Count >= MostChunks))
        {
            _spare = _chunks.Dequeue();
        }
    }

    private sealed class Chunk
    {
        public readonly byte[] Data = new byte[ChunkBytes];

        public int Length;

        /// <summary>Time of its newest sample.</summary>
        public long LastAt;
    }
}
