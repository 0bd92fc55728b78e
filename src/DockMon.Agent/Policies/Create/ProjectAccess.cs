using DockMon.Agent.Linux;
using DockMon.Agent.Policies.Create.Paths;

namespace DockMon.Agent.Policies.Create;

/// <summary>The directory of a compose project, of which its containers may have what they want without a rule that allows it.</summary>
/// <param name="Folder">A clean path of the host.</param>
internal sealed record ProjectAccess(string Folder)
{
    public string Folder { get; } = HostPaths.Canonical(Folder);

    /// <summary>Whether a path, by all its names, is in the directory.</summary>
    public bool Has(string path, string real, HostFacts host) =>
        UnixPath.IsWithin(path, Folder) && UnixPath.IsWithin(real, host.Resolve(Folder) ?? Folder);
}
