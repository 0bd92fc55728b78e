namespace DockMon.Agent.Linux;

/// <summary><c>/proc/meminfo</c>.</summary>
/// <param name="UsedPercent">How much of the memory is not available to programs: 0 to 100.</param>
/// <param name="SwapTotal">Swap space, bytes.</param>
/// <param name="SwapUsed">Of it, used.</param>
internal sealed record MemoryInfo(double UsedPercent, long SwapTotal, long SwapUsed)
{
    private const ulong Kibibyte = 1024;

    /// <summary>All memory in bytes; null if the text does not tell.</summary>
    public static ulong? Total(ReadOnlySpan<byte> text) => KernelText.Value(text, "MemTotal"u8) * Kibibyte;

    /// <summary>Reads it.</summary>
    /// <exception cref="FormatException">The text does not tell.</exception>
    public static MemoryInfo Parse(ReadOnlySpan<byte> text)
    {
        var total = Total(text).GetValueOrDefault() / Kibibyte;
        if (total == 0)
        {
            throw new FormatException("/proc/meminfo has no MemTotal");
        }

        // Kernels before 3.14 do not say what is available; this is how they were read.
        var available = KernelText.Value(text, "MemAvailable"u8)
            ?? KernelText.Value(text, "MemFree"u8).GetValueOrDefault()
                + KernelText.Value(text, "Buffers"u8).GetValueOrDefault()
                + KernelText.Value(text, "Cached"u8).GetValueOrDefault();
        var swap = (long)KernelText.Value(text, "SwapTotal"u8).GetValueOrDefault();
        var free = (long)KernelText.Value(text, "SwapFree"u8).GetValueOrDefault();
        return new(Math.Clamp(100 * ((double)total - available) / total, 0, 100), swap * (long)Kibibyte, Math.Max(0, swap - free) * (long)Kibibyte);
    }
}
