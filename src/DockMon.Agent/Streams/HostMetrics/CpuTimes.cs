using System.Globalization;

namespace DockMon.Agent.Streams.HostMetrics;

/// <summary>The first line of <c>/proc/stat</c>: time of all cores since the start, by what they did.</summary>
internal sealed class CpuTimes
{
    // user nice system idle iowait irq softirq steal; guest time, which follows, is in user already.
    private const int Fields = 8;
    private const int Idle = 3;
    private const int IoWait = 4;

    private readonly ulong[] _ticks;

    private CpuTimes(ulong[] ticks) => _ticks = ticks;

    /// <summary>Reads the line.</summary>
    /// <exception cref="FormatException">It is another.</exception>
    public static CpuTimes Parse(string line)
    {
        var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length < 5 || parts[0] != "cpu")
        {
            throw new FormatException("/proc/stat does not begin with the line of all cores");
        }

        var ticks = new ulong[Fields];
        for (var i = 0; i < Math.Min(Fields, parts.Length - 1); i++)
        {
            ticks[i] = ulong.TryParse(parts[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                ? value : throw new FormatException($"/proc/stat has \"{parts[i + 1]}\" for a number");
        }

        return new CpuTimes(ticks);
    }

    /// <summary>How busy the cores were since <paramref name="earlier"/>: 0 to 100 for all of them together.</summary>
    public double BusyPercentSince(CpuTimes earlier)
    {
        // Idle and iowait can go down, on a core that was taken offline or by the kernel's own accounting: such a step counts as none.
        var steps = _ticks.Zip(earlier._ticks, (now, then) => now > then ? (double)(now - then) : 0).ToArray();
        var total = steps.Sum();
        return total <= 0 ? 0 : Math.Clamp(100 * (total - steps[Idle] - steps[IoWait]) / total, 0, 100);
    }
}
