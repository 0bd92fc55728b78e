using System.Globalization;

namespace DockMon.Agent.Streams.HostMetrics;

/// <summary>Reads <c>/proc/meminfo</c>.</summary>
internal static class MemoryInfo
{
    /// <summary>How much of the memory is not available to programs: 0 to 100.</summary>
    /// <exception cref="FormatException">The lines do not tell.</exception>
    public static double UsedPercent(IEnumerable<string> lines)
    {
        var values = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var line in lines)
        {
            var parts = line.Split([' ', '\t', ':'], StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length >= 2 && double.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            {
                values[parts[0]] = value;
            }
        }

        if (!values.TryGetValue("MemTotal", out var total) || total <= 0)
        {
            throw new FormatException("/proc/meminfo has no MemTotal");
        }

        // Kernels before 3.14 do not say what is available; this is how they were read.
        var available = values.TryGetValue("MemAvailable", out var told) ? told
            : values.GetValueOrDefault("MemFree") + values.GetValueOrDefault("Buffers") + values.GetValueOrDefault("Cached");
        return Math.Clamp(100 * (total - available) / total, 0, 100);
    }
}
