using System.Text;

namespace DockMon.Agent.Linux;

/// <summary><c>/proc/stat</c>: the time of all cores since the machine started, by what they did.</summary>
internal sealed class CpuTimes
{
    // user nice system idle iowait irq softirq steal; guest time, which follows, is in user already.
    private const int Fields = 8;
    private const int IdleField = 3;
    private const int IoWaitField = 4;
    private const int StealField = 7;

    private readonly ulong[] _ticks = new ulong[Fields];

    /// <summary>Ticks of all cores together, without time that was stolen.</summary>
    public ulong Total
    {
        get
        {
            var sum = 0UL;
            foreach (var ticks in _ticks.AsSpan(..StealField))
            {
                sum += ticks;
            }

            return sum;
        }
    }

    /// <summary>Reads the file.</summary>
    /// <exception cref="FormatException">It is another.</exception>
    public static CpuTimes Parse(ReadOnlySpan<byte> text)
    {
        var times = new CpuTimes();
        times.Update(text);
        return times;
    }

    /// <summary>How many cores are online.</summary>
    public static int CountCores(ReadOnlySpan<byte> text)
    {
        var cores = -1; // The first line is that of all of them.
        foreach (var range in text.Split((byte)'\n'))
        {
            if (!text[range].StartsWith("cpu"u8))
            {
                break; // The cores come first.
            }

            cores++;
        }

        return Math.Max(cores, 1);
    }

    /// <summary>Reads the file again, and makes no garbage by that.</summary>
    /// <exception cref="FormatException">It is another.</exception>
    public void Update(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOf((byte)'\n');
        var line = end < 0 ? text : text[..end];
        var isTotal = KernelText.TakeField(ref line).SequenceEqual("cpu"u8);
        for (var i = 0; i < Fields; i++)
        {
            var field = KernelText.TakeField(ref line);
            if (!isTotal || (field.IsEmpty && i <= IdleField))
            {
                throw new FormatException("/proc/stat does not begin with the line of all cores");
            }

            if (!KernelText.TryNumber(field, out _ticks[i]) && !field.IsEmpty)
            {
                throw new FormatException($"/proc/stat has \"{Encoding.UTF8.GetString(field)}\" for a number");
            }
        }
    }

    /// <summary>How busy the cores were since <paramref name="earlier"/>: 0 to 100 for all of them together.</summary>
    public double BusyPercentSince(CpuTimes earlier)
    {
        // Idle and iowait can go down, on a core that was taken offline or by the kernel's own accounting: such a step counts as none.
        double Step(int field) => _ticks[field] > earlier._ticks[field] ? _ticks[field] - earlier._ticks[field] : 0;
        var total = 0.0;
        for (var i = 0; i < Fields; i++)
        {
            total += Step(i);
        }

        return total <= 0 ? 0 : Math.Clamp(100 * (total - Step(IdleField) - Step(IoWaitField)) / total, 0, 100);
    }
}
