namespace DockMon.Agent.Policies.Create.Paths;

/// <summary>What is known of the host when settings are judged.</summary>
internal sealed record HostFacts
{
    /// <summary>The name of the cgroup namespace. An engine with control groups of version 1 shares the host's with every container.</summary>
    public const string CgroupNamespace = "cgroup";

    /// <summary>Nothing.</summary>
    public static HostFacts None { get; } = new();

    /// <summary>The paths that are allowed by their own names only: the engine's, the agent's and the kernel's.</summary>
    public IReadOnlyList<PathPattern> Protected { get; init; } = [];

    /// <summary>The compose project that is judged; null for none.</summary>
    public ProjectAccess? Project { get; init; }

    /// <summary>The paths of the host that containers have already.</summary>
    public IReadOnlyList<MountedPath> Mounted { get; init; } = [];

    /// <summary>The volumes that are mounted into the agent's own container.</summary>
    public IReadOnlyCollection<string> OwnVolumes { get; init; } = [];

    /// <summary>The runtime that containers have unless another one is asked for.</summary>
    public string DefaultRuntime { get; init; } = "";

    /// <summary>Whether every container has the host's cgroup namespace.</summary>
    public bool HasCgroup1 { get; init; }

    /// <summary>Follows the links of a canonical path; null when one cannot be looked at. What the agent does not see has none.</summary>
    public Func<string, string?> Resolve { get; init; } = path => path;
}
