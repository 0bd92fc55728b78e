namespace DockMon.Agent.Policies.Create.Settings;

/// <summary>What a container has from something that only the engine knows.</summary>
internal enum EngineReferenceKind
{
    /// <summary>A named volume, which may be a directory of the host.</summary>
    Volume,

    /// <summary>A network, which may be the host's.</summary>
    Network,

    /// <summary>All that is mounted into another container.</summary>
    Mounts,

    /// <summary>The network of another container.</summary>
    NetworkNamespace,

    /// <summary>The processes of another container.</summary>
    ProcessNamespace,

    /// <summary>The shared memory of another container.</summary>
    IpcNamespace,
}

/// <summary>Something that a container has from what only the engine knows.</summary>
/// <param name="Kind">What it has.</param>
/// <param name="Name">The name or id of the volume, the network or the other container.</param>
internal sealed record EngineReference(EngineReferenceKind Kind, string Name);
