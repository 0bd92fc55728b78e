namespace DockMon.Agent.Policies.Create.Paths;

/// <summary>A path of the host that a container has.</summary>
/// <param name="Path">A clean path; of a volume that is a directory of the host by its options, that directory.</param>
/// <param name="By">What a refusal calls the container.</param>
/// <param name="IsWritable">Whether the container may write there.</param>
internal sealed record MountedPath(string Path, string By, bool IsWritable);
