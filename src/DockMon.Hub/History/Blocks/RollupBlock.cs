using System.Buffers.Binary;
using System.Numerics;
using DockMon.Hub.History.Live;

namespace DockMon.Hub.History.Blocks;

/// <summary>
/// Rollups of one series, packed: a version, the step and the first time, then for each rollup what changed since the one before, and a checksum.
/// </summary>
internal static class RollupBlock
{
    /// <summary>Maximum number of rollups in a block that is read.</summary>
    public const int MostRollups = 4096;

    private const byte Version = 1;
    private const int ChecksumBytes = 4;

    // Flags of a rollup: what follows it.
    private const ulong Gap = 1;
    private const ulong CountChanged = 2;
    private const int MetricShift = 2;
    private const int RollupBytes = (3 + (3 * SampleShape.MostMetrics)) * VarInt.MostBytes;

    /// <summary>Packs rollups, which are ordered by their starts.</summary>
    /// <param name="shape">The metrics.</param>
    /// <param name="step">Seconds of a rollup; each start is a multiple.</param>
    /// <param name="rollups">The rollups; at least one.</param>
    public static byte[] Encode(SampleShape shape, int step, IReadOnlyList<Rollup> rollups)
    {
        var bytes = new byte[1 + (2 * VarInt.MostBytes) + (rollups.Count * RollupBytes) + ChecksumBytes];
        bytes[0] = Version;
        var length = 1;
        length += VarInt.Write(bytes.AsSpan(length), (ulong)step);
        length += VarInt.Write(bytes.AsSpan(length), (ulong)(rollups[0].Start / step));
        var state = new State { Next = rollups[0].Start / step };
        foreach (var rollup in rollups)
        {
            length += WriteRollup(bytes.AsSpan(length), shape, rollup, rollup.Start / step, ref state);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(length), Checksum(bytes.AsSpan(0, length)));
        return bytes[..(length + ChecksumBytes)];
    }

    /// <summary>Unpacks a block; false for one that is damaged, or has more metrics than are known.</summary>
    public static bool TryDecode(SampleShape shape, ReadOnlySpan<byte> block, List<Rollup> rollups)
    {
        if (block.Length < ChecksumBytes + 1 || block[0] != Version
            || BinaryPrimitives.ReadUInt32LittleEndian(block[^ChecksumBytes..]) != Checksum(block[..^ChecksumBytes]))
        {
            return false;
        }

        var rest = block[1..^ChecksumBytes];
        const long MostTime = long.MaxValue / 4;
        if (!VarInt.TryRead(ref rest, out var step) || !VarInt.TryRead(ref rest, out var first) || step is 0 or > int.MaxValue || first > MostTime / step)
        {
            return false;
        }

        var state = new State { Next = (long)first };
        for (var count = 0; !rest.IsEmpty; count++)
        {
            if (count == MostRollups || !TryReadRollup(ref rest, shape, ref state, out var rollup) || state.Next > MostTime / (long)step)
            {
                return false;
            }

            rollup.Start = (state.Next - 1) * (long)step;
            rollups.Add(rollup);
        }

        return true;
    }

    private static int WriteRollup(Span<byte> destination, SampleShape shape, in Rollup rollup, long index, ref State state)
    {
        var codes = default(Codes);
        var flags = (index > state.Next ? Gap : 0) | (rollup.Count != state.Count ? CountChanged : 0);
        for (var i = 0; i < shape.Metrics.Length; i++)
        {
            var spread = rollup.Values[i];
            var (scale, bits) = (shape.ScaleOf(i), shape.Metrics[i].Bits);
            codes[3 * i] = Quantity.Encode(spread.Avg * scale, bits);
            codes[(3 * i) + 1] = codes[3 * i] - Math.Min(Quantity.Encode(spread.Min * scale, bits), codes[3 * i]);
            codes[(3 * i) + 2] = Math.Max(Quantity.Encode(spread.Max * scale, bits), codes[3 * i]) - codes[3 * i];
            if (((ReadOnlySpan<long>)codes).Slice(3 * i, 3).SequenceEqual(((ReadOnlySpan<long>)state.Codes).Slice(3 * i, 3)))
            {
                continue;
            }

            flags |= 1UL << (i + MetricShift);
        }

        var length = VarInt.Write(destination, flags);
        length += (flags & Gap) == 0 ? 0 : VarInt.Write(destination[length..], (ulong)(index - state.Next));
        length += (flags & CountChanged) == 0 ? 0 : VarInt.WriteSigned(destination[length..], rollup.Count - state.Count);
        for (var i = 0; i < shape.Metrics.Length; i++)
        {
            if ((flags & (1UL << (i + MetricShift))) != 0)
            {
                length += VarInt.WriteSigned(destination[length..], codes[3 * i] - state.Codes[3 * i]);
                length += VarInt.Write(destination[length..], (ulong)codes[(3 * i) + 1]);
                length += VarInt.Write(destination[length..], (ulong)codes[(3 * i) + 2]);
            }
        }

        state = new State { Next = index + 1, Count = rollup.Count, Codes = codes };
        return length;
    }

    private static bool TryReadRollup(ref ReadOnlySpan<byte> rest, SampleShape shape, ref State state, out Rollup rollup)
    {
        rollup = default;
        var (gap, change) = (0UL, 0L);
        if (!VarInt.TryRead(ref rest, out var flags) || flags >> (shape.Metrics.Length + MetricShift) != 0
            || ((flags & Gap) != 0 && (!VarInt.TryRead(ref rest, out gap) || gap > uint.MaxValue))
            || ((flags & CountChanged) != 0 && (!VarInt.TryReadSigned(ref rest, out change) || state.Count + change is < 0 or > int.MaxValue)))
        {
            return false;
        }

        state.Next += (long)gap + 1;
        state.Count += (int)change;
        rollup.Count = state.Count;
        ((Span<Spread>)rollup.Values).Fill(Spread.None);
        for (var i = 0; i < shape.Metrics.Length; i++)
        {
            if ((flags & (1UL << (i + MetricShift))) != 0)
            {
                if (!VarInt.TryReadSigned(ref rest, out var average) || !VarInt.TryRead(ref rest, out var below) || !VarInt.TryRead(ref rest, out var above))
                {
                    return false;
                }

                state.Codes[3 * i] = unchecked(state.Codes[3 * i] + average);
                state.Codes[(3 * i) + 1] = (long)below;
                state.Codes[(3 * i) + 2] = (long)above;
            }

            if (!TryReadSpread(state.Codes, i, shape, out rollup.Values[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryReadSpread(in Codes codes, int metric, SampleShape shape, out Spread spread)
    {
        var (average, scale, bits) = (codes[3 * metric], shape.ScaleOf(metric), shape.Metrics[metric].Bits);
        spread = Spread.None;
        if (!Quantity.TryDecode(average, bits, out var avg)
            || !Quantity.TryDecode(unchecked(average - codes[(3 * metric) + 1]), bits, out var min)
            || !Quantity.TryDecode(unchecked(average + codes[(3 * metric) + 2]), bits, out var max))
        {
            return false;
        }

        if (double.IsNaN(avg) || double.IsNaN(min) || double.IsNaN(max))
        {
            // All three are missing, or none is.
            return double.IsNaN(avg) && double.IsNaN(min) && double.IsNaN(max);
        }

        spread = new Spread((float)(min / scale), (float)(avg / scale), (float)(max / scale));
        return true;
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var checksum = uint.MaxValue;
        foreach (var one in bytes)
        {
            checksum = BitOperations.Crc32C(checksum, one);
        }

        return checksum;
    }

    [System.Runtime.CompilerServices.InlineArray(3 * SampleShape.MostMetrics)]
    private struct Codes
    {
        private long _first;
    }

    /// <summary>The rollup before: what the next one is the difference to.</summary>
    private struct State
    {
        public long Next;
        public int Count;
        public Codes Codes;
    }
}
