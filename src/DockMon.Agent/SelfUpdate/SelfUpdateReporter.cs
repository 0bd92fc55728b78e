using DockMon.Agent.Delivery;
using DockMon.Protocol;

namespace DockMon.Agent.SelfUpdate;

/// <summary>
/// Tells the server how a self-update gets on. How it ended is a completion: kept on disk until it is delivered, by whichever version then runs.
/// </summary>
internal sealed class SelfUpdateReporter(Outbound outbound, TimeProvider time)
{
    public void Progress(string stage, string message) => outbound.PostEvent(Frame(stage, message, error: null));

    public void Complete(string message) => outbound.PostCompletion(Frame("complete", message, error: null));

    public void Failed(string stage, string error) => outbound.PostCompletion(Frame(stage, "The self-update failed", error));

    private byte[] Frame(string stage, string message, string? error) => FrameWriter.Event(
        EventNames.SelfUpdateProgress,
        new SelfUpdateProgress { Stage = stage, Message = message, Error = error },
        ProtocolJson.Default.SelfUpdateProgress,
        time.GetUtcNow());
}
