namespace DockMon.Agent.Linux;

/// <summary>One line of <c>/proc/PID/cgroup</c>.</summary>
/// <param name="Controllers">The controllers of version 1, comma-separated; empty for version 2.</param>
/// <param name="Path">The group, seen from the reader's control group namespace.</param>
internal readonly record struct ControlGroup(string Controllers, string Path)
{
    /// <summary>Reads the file.</summary>
    public static IEnumerable<ControlGroup> Parse(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            // hierarchy number, controllers, path
            if (line.Split(':', 3) is [_, var controllers, var path])
            {
                yield return new ControlGroup(controllers, path);
            }
        }
    }
}
