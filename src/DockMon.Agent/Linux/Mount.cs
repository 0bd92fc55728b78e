using System.Text;

namespace DockMon.Agent.Linux;

/// <summary>One line of <c>/proc/PID/mountinfo</c>.</summary>
/// <param name="Root">The directory of the file system that is mounted.</param>
/// <param name="Point">Where it is mounted.</param>
/// <param name="Type">The type of the file system.</param>
/// <param name="Options">Options of the file system, comma-separated, as the kernel writes them.</param>
internal sealed record Mount(string Root, string Point, string Type, string Options)
{
    /// <summary>Reads the file, in its order: of two mounts on one point, the later one hides the earlier.</summary>
    public static IReadOnlyList<Mount> Parse(string mountInfo) => [.. mountInfo.Split('\n').Select(ParseLine).OfType<Mount>()];

    /// <summary>
    /// Restores a path: the kernel writes the few characters that would break its lines as three
    /// octal digits. systemd has backslashes in the names of units.
    /// </summary>
    public static string Unescape(string field)
    {
        if (!field.Contains('\\', StringComparison.Ordinal))
        {
            return field;
        }

        var result = new StringBuilder();
        for (var i = 0; i < field.Length; i++)
        {
            if (field[i] == '\\' && i + 3 < field.Length && field.AsSpan(i + 1, 3).IndexOfAnyExceptInRange('0', '7') < 0)
            {
                result.Append((char)Convert.ToInt32(field.Substring(i + 1, 3), 8));
                i += 3;
            }
            else
            {
                result.Append(field[i]);
            }
        }

        return result.ToString();
    }

    // id parent device root mount-point options [optional]… - type source super-options
    private static Mount? ParseLine(string line)
    {
        var fields = line.Split(' ');
        var type = Array.IndexOf(fields, "-") + 1;
        if (type <= 5 || type >= fields.Length)
        {
            return null;
        }

        // No path has a zero character; .NET throws where one is used.
        var mount = new Mount(Unescape(fields[3]), Unescape(fields[4]), fields[type], fields[^1]);
        return mount.Root.Contains('\0') || mount.Point.Contains('\0') ? null : mount;
    }
}
