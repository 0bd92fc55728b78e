using DockMon.Agent.Linux;

namespace DockMon.Agent.Policies.Create.Paths;

/// <summary>Paths of the host, as they are compared.</summary>
internal static class HostPaths
{
    // Links of nearly every Linux. Of two names for one thing a rule has to mean both.
    private static readonly (string Link, string Target)[] KnownLinks = [("/var/run", "/run"), ("/var/lock", "/run/lock")];

    /// <summary>The absolute path without <c>.</c>, <c>..</c>, doubled and trailing slashes, as the engine opens it.</summary>
    public static string Clean(string path) => Path.TrimEndingDirectorySeparator(
        Path.GetFullPath(path.Replace("\0", "", StringComparison.Ordinal).TrimStart('/'), "/"));

    /// <summary>The one name of what has two by a link that is on nearly every host.</summary>
    /// <param name="path">A clean path.</param>
    public static string Canonical(string path)
    {
        foreach (var (link, target) in KnownLinks)
        {
            if (UnixPath.IsWithin(path, link))
            {
                return target + path[link.Length..];
            }
        }

        return path;
    }
}
