namespace DockMon.Hub.History.Blocks;

/// <summary>Integers of one to ten bytes, seven bits in each; signed ones as zigzag, so that small negative numbers are short, too.</summary>
internal static class VarInt
{
    /// <summary>Maximum length in bytes.</summary>
    public const int MostBytes = 10;

    /// <returns>Number of bytes written.</returns>
    public static int Write(Span<byte> destination, ulong value)
    {
        var length = 0;
        while (value >= 0x80)
        {
            destination[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        destination[length++] = (byte)value;
        return length;
    }

    /// <returns>Number of bytes written.</returns>
    public static int WriteSigned(Span<byte> destination, long value) => Write(destination, (ulong)(value << 1) ^ (ulong)(value >> 63));

    /// <summary>Reads a value and moves the source behind it; false when the source ends within it or it has more than 64 bits.</summary>
    public static bool TryRead(ref ReadOnlySpan<byte> source, out ulong value)
    {
        value = 0;
        for (var i = 0; i < source.Length && i < MostBytes; i++)
        {
            var part = source[i];
            if (i == MostBytes - 1 && part > 1)
            {
                return false;
            }

            value |= (ulong)(part & 0x7F) << (7 * i);
            if (part < 0x80)
            {
                source = source[(i + 1)..];
                return true;
            }
        }

        return false;
    }

    /// <summary>As <see cref="TryRead"/>, for a signed value.</summary>
    public static bool TryReadSigned(ref ReadOnlySpan<byte> source, out long value)
    {
        var found = TryRead(ref source, out var bits);
        value = (long)(bits >> 1) ^ -(long)(bits & 1);
        return found;
    }
}
