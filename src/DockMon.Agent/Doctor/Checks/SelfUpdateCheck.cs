using DockMon.Agent.SelfUpdate.Programs;

namespace DockMon.Agent.Doctor.Checks;

/// <summary>Which programs the agent accepts in place of itself.</summary>
internal sealed class SelfUpdateCheck(ProgramTrust trust)
{
    public Check Check() => new("self_update", [], _ => Task.FromResult(Judge()));

    private CheckResult Judge() =>
        trust.IsUpToTheServer
            ? CheckResult.Warning(trust.Description, "install a signed release, or set SELF_UPDATE=off and update the agent on this host by hand")
        : trust is { NeedsSignature: true } && trust.FindRefusal() is { } refusal
            ? CheckResult.Warning(refusal, "install a signed release, or say with SELF_UPDATE=off that it is meant so")
        : CheckResult.Ok(trust.Description);
}
