using System.Numerics;

namespace DockMon.Hub.History.Blocks;

/// <summary>
/// Numbers as codes of some significant bits: with 8, exact up to 512 and to 0.2 % above. Codes have the order of the numbers, and numbers that are
/// close have codes that are close: their differences are short.
/// </summary>
internal static class Quantity
{
    private const double Most = 4e18;

    /// <summary>The code of a number that is not negative; 0 stands for one that is missing.</summary>
    public static long Encode(double value, int bits)
    {
        if (double.IsNaN(value))
        {
            return 0;
        }

        var number = (ulong)Math.Round(Math.Clamp(value, 0, Most));
        if (BitOperations.Log2(number) - bits is > 0 and var excess)
        {
            // Rounding up may make it one bit longer.
            number += 1UL << (excess - 1);
            excess = BitOperations.Log2(number) - bits;
            return ((long)excess << bits) + (long)(number >> excess) + 1;
        }

        return (long)number + 1;
    }

    /// <summary>The number of a code.</summary>
    /// <returns>False for a number that is no code.</returns>
    public static bool TryDecode(long code, int bits, out double value)
    {
        value = double.NaN;
        if (code == 0)
        {
            return true;
        }

        code--;
        var excess = Math.Max((code >> bits) - 1, 0);
        if (code < 0 || excess + bits > 62)
        {
            return false;
        }

        value = (ulong)(code - (excess << bits)) << (int)excess;
        return true;
    }
}
