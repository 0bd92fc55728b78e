namespace DockMon.Agent.Compose.Discovery;

/// <summary>Which files are compose files, and which directories hold none.</summary>
internal static class ComposeNames
{
    private static readonly HashSet<string> NeverBelow = new(StringComparer.Ordinal)
    {
        "node_modules", "vendor", "__pycache__", "venv", "dist", "build", "target",
    };

    private static readonly HashSet<string> NeverAt = new(StringComparer.Ordinal)
    {
        "/proc", "/sys", "/dev", "/run", "/boot", "/bin", "/sbin", "/lib", "/lib64", "/usr/bin", "/usr/sbin", "/usr/lib", "/etc",
    };

    public static bool IsComposeFile(string name) => name is "docker-compose.yml" or "docker-compose.yaml" or "compose.yml" or "compose.yaml";

    /// <summary>Whether a path, or a directory above it, is one that is never entered.</summary>
    public static bool IsForbidden(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts.Any(part => part[0] == '.' || NeverBelow.Contains(part))
            || (parts.Length > 0 && NeverAt.Contains("/" + parts[0]))
            || (parts.Length > 1 && NeverAt.Contains("/" + parts[0] + "/" + parts[1]));
    }
}
