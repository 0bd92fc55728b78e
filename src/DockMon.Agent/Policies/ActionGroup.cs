namespace DockMon.Agent.Policies;

/// <summary>What the actions of a server are grouped by in a policy. In a policy file a group has its name in small letters, with '_' between words.</summary>
internal enum ActionGroup
{
    /// <summary>Lists, inspection, states, events and statistics.</summary>
    Observe,

    /// <summary>The logs of containers.</summary>
    Logs,

    /// <summary>Start, stop and what else changes only whether a container runs.</summary>
    Operate,

    /// <summary>Updates of containers to another image.</summary>
    Update,

    /// <summary>Another name for a container: what a policy says of names would not hold any more.</summary>
    Rename,

    /// <summary>New containers, networks and volumes, and images that are pulled.</summary>
    Create,

    /// <summary>The removal of one container, image, network or volume.</summary>
    Remove,

    /// <summary>The removal of all images, networks or volumes that are not used.</summary>
    Prune,

    /// <summary>Deployments of compose projects.</summary>
    Compose,

    /// <summary>The search for compose files of the host, and reading them.</summary>
    Files,

    /// <summary>Shells in containers.</summary>
    Shell,

    /// <summary>HTTP requests of the agent to addresses that the server chooses.</summary>
    HealthChecks,

    /// <summary>Updates of the agent to another program.</summary>
    SelfUpdate,
}
