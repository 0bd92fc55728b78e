using DockMon.Agent.Update.Journal;
using DockMon.Agent.Update.Planning;

namespace DockMon.Agent.Update;

/// <summary>
/// What an update does next; which phase follows which is in <see cref="ContainerUpdater"/>. The journal's <see cref="UpdateStep"/> is what of it survives the
/// agent.
/// </summary>
internal enum UpdatePhase
{
    /// <summary>Create the successor beside the container, which runs on.</summary>
    Create,

    /// <summary>Stop the container, give its name to the successor, start the successor.</summary>
    Swap,

    /// <summary>Wait until it is clear whether the successor works.</summary>
    Watch,

    /// <summary>Recreate the dependents, remove the old container, report success.</summary>
    Finish,

    /// <summary>Restore what was there before the update, and report the failure.</summary>
    RollBack,

    /// <summary>The same once more, after a pause in which other operations on the containers have their turn.</summary>
    RetryRollBack,

    /// <summary>Nothing.</summary>
    Ended,
}

/// <summary>How a phase went.</summary>
internal enum PhaseResult
{
    /// <summary>It is done.</summary>
    Succeeded,

    /// <summary>It cannot be done; the journal says why.</summary>
    Failed,

    /// <summary>It has to be done again: the machine or the engine was restarted in the middle of it.</summary>
    Interrupted,
}

/// <summary>An update between two phases.</summary>
/// <param name="Update">The update.</param>
/// <param name="Phase">What it does next.</param>
/// <param name="Journal">The journal.</param>
internal sealed record UpdateState(RunningUpdate Update, UpdatePhase Phase, UpdateJournal Journal)
{
    /// <summary>The successor to create; null after a restart of the agent, which creates none.</summary>
    public UpdatePlan? Plan { get; init; }

    /// <summary>How often a phase was interrupted.</summary>
    public int Interruptions { get; init; }

    /// <summary>Whether the agent has to try again later to restore the old container.</summary>
    public bool IsRollbackPending => Phase == UpdatePhase.RetryRollBack;
}
