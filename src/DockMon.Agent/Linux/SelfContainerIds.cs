using System.Text.RegularExpressions;

namespace DockMon.Agent.Linux;

/// <summary>Container ids that a process finds in what the kernel tells it about itself.</summary>
internal static partial class SelfContainerIds
{
    private const string UpperDirectory = "upperdir=";

    /// <summary>
    /// From <c>/proc/self/mountinfo</c>: the engine mounts a file of its own over each of three in every container, from a directory that
    /// has the container's id for a name. Mounts of other containers, which a host sees as well, are mounted elsewhere.
    /// </summary>
    public static IReadOnlyList<string> FromMountInfo(string text)
    {
        var ids = new List<string>();
        foreach (var line in text.Split('\n'))
        {
            // mount id, parent id, device, directory in the file system, mount point, …
            var fields = line.Split(' ');
            if (fields.Length > 4 && fields[4] is "/etc/hostname" or "/etc/hosts" or "/etc/resolv.conf")
            {
                AddIds(ids, fields[3]);
            }
        }

        return ids;
    }

    /// <summary>
    /// The directory that the root file system writes to, out of <c>/proc/self/mountinfo</c>; null where that is no overlay. No two containers have the
    /// same, and nobody shares it, as a network's files are shared.
    /// </summary>
    public static string? RootLayer(string mountInfo) =>
        mountInfo.Split('\n').Where(line => line.Split(' ') is [_, _, _, _, "/", ..])
            .SelectMany(line => line[(line.LastIndexOf(' ') + 1)..].Split(',')).LastOrDefault(option => option.StartsWith(UpperDirectory, StringComparison.Ordinal))?[UpperDirectory.Length..];

    /// <summary>
    /// Whether mounts are those of some engine's container, known or not. The file <c>/.dockerenv</c> tells less: a machine made
    /// from an image has it too.
    /// </summary>
    public static bool AreContainerMounts(string mountInfo) =>
        mountInfo.Split('\n').Any(line => line.Split(' ') is [_, _, _, _, "/etc/hostname" or "/etc/hosts", ..]);

    /// <summary>
    /// From <c>/proc/self/cgroup</c>, version 1 or 2, with the names of Docker, systemd, Podman or Kubernetes; the innermost container
    /// first. Empty where the container has a control group namespace, which hides the path.
    /// </summary>
    public static IReadOnlyList<string> FromCgroup(string text)
    {
        var ids = new List<string>();
        foreach (var line in text.Split('\n'))
        {
            // hierarchy number, controllers, path
            if (line.Split(':', 3) is [_, _, var path])
            {
                foreach (var part in path.Split('/').Reverse())
                {
                    AddIds(ids, part);
                }
            }
        }

        return ids;
    }

    /// <summary>From the variable HOSTNAME: the short id, unless the container was given a host name.</summary>
    public static IReadOnlyList<string> FromHostname(string? variable) =>
        variable is { Length: 12 or 64 } && variable.All(char.IsAsciiHexDigitLower) ? [variable] : [];

    private static void AddIds(List<string> ids, string text)
    {
        foreach (var match in Id().EnumerateMatches(text))
        {
            var id = text.Substring(match.Index, match.Length);
            if (!ids.Contains(id))
            {
                ids.Add(id);
            }
        }
    }

    [GeneratedRegex("(?<![0-9A-Za-z])[0-9a-f]{64}(?![0-9A-Za-z])", RegexOptions.CultureInvariant)]
    private static partial Regex Id();
}
