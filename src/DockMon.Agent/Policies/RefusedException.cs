using DockMon.Agent.Commands;

namespace DockMon.Agent.Policies;

/// <summary>A request that the policy refuses, for the audit to tell it from one that failed.</summary>
/// <param name="decision">What the policy says.</param>
internal sealed class RefusedException(Decision decision) : CommandException(decision.Error)
{
    public Decision Decision => decision;
}
