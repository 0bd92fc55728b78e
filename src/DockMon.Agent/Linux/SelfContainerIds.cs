using System.Text.RegularExpressions;
using DockMon.Engine;

namespace DockMon.Agent.Linux;

/// <summary>Container ids that a process finds in what the kernel tells it about itself.</summary>
internal static partial class SelfContainerIds
{
    private const string UpperDirectory = "upperdir=";

    /// <summary>
    /// From the mounts: the engine mounts a file of its own over each of three in every container, from a directory that
    /// has the container's id for a name. Mounts of other containers, which a host sees as well, are mounted elsewhere.
    /// </summary>
    public static IReadOnlyList<string> FromMounts(IEnumerable<Mount> mounts)
    {
        var ids = new List<string>();
        foreach (var mount in mounts.Where(mount => mount.Point is "/etc/hostname" or "/etc/hosts" or "/etc/resolv.conf"))
        {
            AddIds(ids, mount.Root);
        }

        return ids;
    }

    /// <summary>
    /// The directory that the root file system writes to, null where that is no overlay. No two containers have the
    /// same, and nobody shares it, as a network's files are shared.
    /// </summary>
    public static string? RootLayer(IEnumerable<Mount> mounts) =>
        mounts.Where(mount => mount.Point == "/")
            .SelectMany(mount => mount.Options.Split(','))
            .LastOrDefault(option => option.StartsWith(UpperDirectory, StringComparison.Ordinal))?[UpperDirectory.Length..];

    /// <summary>
    /// Whether mounts are those of some engine's container, known or not. The file <c>/.dockerenv</c> tells less: a machine made
    /// from an image has it too.
    /// </summary>
    public static bool AreContainerMounts(IEnumerable<Mount> mounts) => mounts.Any(mount => mount.Point is "/etc/hostname" or "/etc/hosts");

    /// <summary>
    /// From the control groups, of version 1 or 2, with the names of Docker, systemd, Podman or Kubernetes; the innermost container
    /// first. Empty where the container has a control group namespace, which hides the path.
    /// </summary>
    public static IReadOnlyList<string> FromControlGroups(IEnumerable<ControlGroup> groups)
    {
        var ids = new List<string>();
        foreach (var part in groups.SelectMany(group => group.Path.Split('/').Reverse()))
        {
            AddIds(ids, part);
        }

        return ids;
    }

    /// <summary>From the variable HOSTNAME: the short id, unless the container was given a host name.</summary>
    public static IReadOnlyList<string> FromHostname(string? variable) =>
        variable is { Length: ContainerId.ShortLength or ContainerId.Length } && ContainerId.IsReference(variable) ? [variable] : [];

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
