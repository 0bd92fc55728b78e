using System.Globalization;
using System.Reflection;

namespace DockMon.Agent.Hosting;

/// <summary>The version of this program.</summary>
internal static class AgentVersion
{
    /// <summary>Such as <c>3.0.0</c> or <c>3.0.0-dev</c>, without build metadata.</summary>
    public static string Current { get; } =
        typeof(AgentVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";

    /// <summary>Compares two versions: by their numbers; with the same numbers one with a suffix (-dev, -rc.1) is the older one.</summary>
    public static int Compare(string a, string b)
    {
        var (numbersA, suffixA) = Split(a);
        var (numbersB, suffixB) = Split(b);
        for (var i = 0; i < Math.Max(numbersA.Length, numbersB.Length); i++)
        {
            if (numbersA.ElementAtOrDefault(i).CompareTo(numbersB.ElementAtOrDefault(i)) is not 0 and var difference)
            {
                return difference;
            }
        }

        return (suffixA.Length == 0, suffixB.Length == 0) switch
        {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => -1,
            _ => CompareSuffixes(suffixA.Split('.'), suffixB.Split('.')),
        };
    }

    private static (long[] Numbers, string Suffix) Split(string version)
    {
        var parts = version.Split('-', 2);
        return ([.. parts[0].Split('.').Select(part => long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0)], parts.ElementAtOrDefault(1) ?? "");
    }

    // As in semantic versions: numbers as numbers, all else as text, and the longer one wins where all before is the same.
    private static int CompareSuffixes(string[] a, string[] b)
    {
        foreach (var (partA, partB) in a.Zip(b))
        {
            var numbers = long.TryParse(
                partA,
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var numberA) & long.TryParse(partB, NumberStyles.None, CultureInfo.InvariantCulture, out var numberB);
            if ((numbers ? numberA.CompareTo(numberB) : string.CompareOrdinal(partA, partB)) is not 0 and var difference)
            {
                return difference;
            }
        }

        return a.Length.CompareTo(b.Length);
    }
}
