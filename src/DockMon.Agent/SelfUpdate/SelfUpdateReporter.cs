using DockMon.Agent.Audit;
using DockMon.Agent.Delivery;
using DockMon.Protocol;

namespace DockMon.Agent.SelfUpdate;

/// <summary>
/// Tells the server how a self-update gets on. How it ended is a completion: kept on disk until it is delivered, by whichever version then runs.
/// </summary>
internal sealed class SelfUpdateReporter(Outbound outbound, AuditLog audit, TimeProvider time)
{
    public void Progress(string stage, string message) => outbound.PostEvent(Frame(stage, message, error: null));

    /// <summary>Records which program the agent is about to become: what the server calls it need not be what it is.</summary>
    public void Installed(InstalledProgram program) =>
        audit.Noted(new AuditEntry(CommandNames.SelfUpdate) { Subject = $"installed version {program.Version}, SHA-256 {program.Sha256}" }, error: null);

    public void Complete(string message)
    {
        audit.EndWork(CommandNames.SelfUpdate, AuditAction.SelfUpdateWork, error: null);
        outbound.PostCompletion(Frame("complete", message, error: null));
    }

    public void Failed(string stage, string error)
    {
        audit.EndWork(CommandNames.SelfUpdate, AuditAction.SelfUpdateWork, error);
        outbound.PostCompletion(Frame(stage, "The self-update failed", error));
    }

    private byte[] Frame(string stage, string message, string? error) => FrameWriter.Event(
        EventNames.SelfUpdateProgress,
        new SelfUpdateProgress { Stage = stage, Message = message, Error = error },
        ProtocolJson.Default.SelfUpdateProgress,
        time.GetUtcNow());
}
