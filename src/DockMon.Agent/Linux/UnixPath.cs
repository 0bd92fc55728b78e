namespace DockMon.Agent.Linux;

/// <summary>Absolute paths, as they lie to one another.</summary>
internal static class UnixPath
{
    /// <summary>Whether a path is a directory's or lies below it. Both are compared as they are written, but for a slash at the directory's end.</summary>
    public static bool IsWithin(string path, string folder) =>
        folder.AsSpan().TrimEnd('/') is var plain
        && path.AsSpan().StartsWith(plain, StringComparison.Ordinal)
        && (path.Length == plain.Length || path[plain.Length] == '/');
}
