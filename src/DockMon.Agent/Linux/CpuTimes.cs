using System.Text;
using DockMon.Agent.Streams.Stats.Kernel;

namespace DockMon.Agent.Linux;

/// <summary>The first line of <c>/proc/stat</c>: time of all cores since the start, by what they did.</summary>
internal sealed class CpuTimes
{
    // user nice system idle iowait irq softirq steal; guest time, which follows, is in user already.
    private const int Fields = 8;
    private const int IdleField = 3;
    private const int IoWaitField = 4;

    private readonly ulong[] _ticks;

    private CpuTimes(ulong[] ticks) => _ticks = ticks;

    /// <summary>Reads the file, of which only the first line matters.</summary>
    /// <exception cref="FormatException">It is another.</exception>
    public static CpuTimes Parse(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOf((byte)'\n');
        var line = end < 0 ? text : text[..end];
        var isTotal = KernelText.TakeField(ref line).SequenceEqual("cpu"u8);
        var ticks = new ulong[Fields];
        for (var i = 0; i < Fields; i++)
        {
            var field = KernelText.TakeField(ref line);
            if (!isTotal || (field.IsEmpty && i <= IdleField))
            {
                throw new FormatException("/proc/stat does not begin with the line of all cores");
            }

            if (!field.IsEmpty && !KernelText.TryNumber(field, out ticks[i]))
            {
                throw new FormatException($"/proc/stat has \"{Encoding.UTF8.GetString(field)}\" for a number");
            }
        }

        return new CpuTimes(ticks);
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
