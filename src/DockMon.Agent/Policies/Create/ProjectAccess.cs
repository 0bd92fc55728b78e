namespace DockMon.Agent.Policies.Create;

/// <summary>The directory of a compose project, of which its containers may have what they want without a rule that allows it.</summary>
/// <param name="Folder">A clean path of the host.</param>
/// <param name="Writers">
/// What is mounted into containers that may write to it, and into which. Below that they can put links, which would lead others out of the directory.
/// </param>
internal sealed record ProjectAccess(string Folder, IReadOnlyList<(string Path, string By)> Writers)
{
    public string Folder { get; } = HostPaths.Canonical(Folder);

    /// <summary>Whether a path, by all its names, is in the directory.</summary>
    public bool Has(string path, string real, HostFacts host) =>
        HostPaths.IsWithin(path, Folder) && HostPaths.IsWithin(real, host.Resolve(Folder) ?? Folder);

    /// <summary>Who could put a link in the place of a path or of a directory above it; null when nobody can.</summary>
    public string? FindWriter(string path)
    {
        var (above, by) = Writers.FirstOrDefault(writer =>
            HostPaths.Canonical(writer.Path) is var written && written != path && HostPaths.IsWithin(path, written));
        return above is null ? null : $", which lies in {above}, where {by} could put a link";
    }
}
