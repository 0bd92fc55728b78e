using System.Text;
using DockMon.Hub.History.Live;

namespace DockMon.Hub.History.Blocks;

/// <summary>Minutes of many series of a host, packed one after the other: for each its name and its <see cref="RollupBlock"/>, with their lengths.</summary>
internal static class JournalBlock
{
    public static byte[] Encode(IEnumerable<SeriesMinutes> all)
    {
        using var stream = new MemoryStream();
        Span<byte> length = stackalloc byte[VarInt.MostBytes];
        foreach (var (series, minutes) in all)
        {
            foreach (var part in new[] { Encoding.UTF8.GetBytes(series), RollupBlock.Encode(SampleShape.Of(series), Tier.Minute.Step, minutes) })
            {
                stream.Write(length[..VarInt.Write(length, (ulong)part.Length)]);
                stream.Write(part);
            }
        }

        return stream.ToArray();
    }

    /// <summary>Unpacks the series of a block, or only one of them. What is damaged is left out.</summary>
    /// <param name="block">The block.</param>
    /// <param name="only">The one series to read; null for all.</param>
    /// <param name="found">Receives each series.</param>
    /// <returns>Whether all of it was read.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> block, string? only, Action<string, List<Rollup>> found)
    {
        var whole = true;
        while (!block.IsEmpty)
        {
            if (!TryReadPart(ref block, out var name) || !TryReadPart(ref block, out var packed))
            {
                return false;
            }

            var series = Encoding.UTF8.GetString(name);
            var minutes = new List<Rollup>();
            if (only is not null && series != only)
            {
                continue;
            }

            if (RollupBlock.TryDecode(SampleShape.Of(series), packed, minutes))
            {
                found(series, minutes);
            }
            else
            {
                whole = false;
            }
        }

        return whole;
    }

    private static bool TryReadPart(ref ReadOnlySpan<byte> block, out ReadOnlySpan<byte> part)
    {
        part = default;
        if (!VarInt.TryRead(ref block, out var length) || length > (ulong)block.Length)
        {
            return false;
        }

        part = block[..(int)length];
        block = block[(int)length..];
        return true;
    }
}
