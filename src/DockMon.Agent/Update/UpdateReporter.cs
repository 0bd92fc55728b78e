using DockMon.Agent.Audit;
using DockMon.Agent.Delivery;
using DockMon.Agent.Policies;
using DockMon.Agent.Update.Journal;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Update;

/// <summary>Reports the progress and the end of updates to the server. The end is a completion: it is kept on disk until it is delivered.</summary>
internal sealed class UpdateReporter(Outbound outbound, AuditLog audit, TimeProvider time)
{
    public void Progress(string containerId, string stage, string message) => outbound.PostEvent(Frame(containerId, stage, message, error: null));

    public void Layers(UpdateLayerProgress progress) =>
        outbound.PostEvent(FrameWriter.Event(EventNames.UpdateLayerProgress, progress, ProtocolJson.Default.UpdateLayerProgress, time.GetUtcNow()));

    /// <summary>Has the audit call the end that follows a refusal of the policy.</summary>
    public void Refused(string containerId, Decision refusal) => audit.RefuseWork(CommandNames.UpdateContainer, containerId, refusal);

    public void Failed(string containerId, string stage, string message, string error)
    {
        audit.EndWork(CommandNames.UpdateContainer, containerId, error);
        outbound.PostCompletion(Frame(containerId, stage, message, error));
    }

    public void Completed(UpdateJournal journal, IReadOnlyList<string> failedDependents)
    {
        audit.EndWork(CommandNames.UpdateContainer, journal.ContainerId, error: null);
        var newId = new ContainerId(journal.NewId!).Short;
        outbound.PostCompletion(Frame(journal.ContainerId, UpdateStages.Completed, $"Update complete, new container: {newId}", error: null));
        var complete = new UpdateComplete
        {
            OldContainerId = journal.ContainerId,
            NewContainerId = newId,
            ContainerName = journal.Name,
            FailedDependents = failedDependents.Count > 0 ? failedDependents : null,
        };
        outbound.PostCompletion(FrameWriter.Event(EventNames.UpdateComplete, complete, ProtocolJson.Default.UpdateComplete, time.GetUtcNow()));
    }

    private byte[] Frame(string containerId, string stage, string message, string? error) =>
        FrameWriter.Event(
            EventNames.UpdateProgress,
            new UpdateProgress { ContainerId = containerId, Stage = stage, Message = message, Error = error },
            ProtocolJson.Default.UpdateProgress,
            time.GetUtcNow());
}
