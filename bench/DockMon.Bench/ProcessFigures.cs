using System.Globalization;

namespace DockMon.Bench;

/// <summary>What one process has used so far, and has now.</summary>
/// <param name="CpuSeconds">User and system time, with that of the children it has waited for.</param>
/// <param name="ResidentBytes">Its resident set.</param>
/// <param name="Threads">How many there are.</param>
/// <param name="ContextSwitches">Of each of its threads by id, voluntary and not.</param>
internal sealed record ProcessFigures(double CpuSeconds, long ResidentBytes, int Threads, IReadOnlyDictionary<int, long> ContextSwitches)
{
    // The unit of /proc/PID/stat, fixed by the kernel's interface whatever the kernel's own tick is.
    private const double TicksPerSecond = 100;

    /// <summary>Reads them; null when there is no such process any more.</summary>
    public static ProcessFigures? Read(int pid)
    {
        try
        {
            var cpu = CpuOf(File.ReadAllText($"/proc/{pid}/stat"));
            var status = File.ReadAllLines($"/proc/{pid}/status");
            var switches = new Dictionary<int, long>();
            foreach (var task in Directory.GetDirectories($"/proc/{pid}/task"))
            {
                if (SwitchesOf(task) is { } count)
                {
                    switches[int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture)] = count;
                }
            }

            return new ProcessFigures(cpu, Field(status, "VmRSS") * 1024, (int)Field(status, "Threads"), switches);
        }
        catch (IOException)
        {
            return null; // It ended while it was read.
        }
    }

    /// <summary>Processor seconds of a process and its children, those that have ended included.</summary>
    public static double CpuOfFamily(int pid)
    {
        var seconds = 0.0;
        foreach (var folder in Directory.GetDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])))
        {
            try
            {
                var stat = File.ReadAllText(folder + "/stat");
                var parent = stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1];
                if (Path.GetFileName(folder) == pid.ToString(CultureInfo.InvariantCulture) || parent == pid.ToString(CultureInfo.InvariantCulture))
                {
                    seconds += CpuOf(stat);
                }
            }
            catch (IOException)
            {
                // It has ended: its parent has its time.
            }
        }

        return seconds;
    }

    /// <summary>How many file descriptors it has open.</summary>
    public static int Handles(int pid) => Directory.GetFileSystemEntries($"/proc/{pid}/fd").Length;

    /// <summary>Switches since an earlier reading. Those of threads that have ended meanwhile are not known any more.</summary>
    public long SwitchesSince(ProcessFigures earlier) =>
        ContextSwitches.Sum(thread => thread.Value - earlier.ContextSwitches.GetValueOrDefault(thread.Key));

    /// <summary>Processor seconds out of a line of <c>/proc/PID/stat</c>.</summary>
    internal static double CpuOf(string stat)
    {
        // The second field is the program's name in brackets, and may hold anything: counting starts after the last bracket.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    internal static long Field(IEnumerable<string> status, string name) =>
        status.FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.Ordinal)) is { } line
            ? long.Parse(line[(name.Length + 1)..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) : 0;

    private static long? SwitchesOf(string task)
    {
        try
        {
            var status = File.ReadAllLines(task + "/status");
            return Field(status, "voluntary_ctxt_switches") + Field(status, "nonvoluntary_ctxt_switches");
        }
        catch (IOException)
        {
            return null; // The thread has ended.
        }
    }
}
