namespace DockMon.Agent.Delivery;

/// <summary>Answers, completions and events that wait to be sent, each within its limits. Its owner lets one caller in at a time.</summary>
internal sealed class WaitingFrames
{
    private readonly FrameQueue _answers = new(Outbound.EventLimit, Outbound.AnswerBytesLimit);
    private readonly FrameQueue _completions = new(Outbound.CompletionLimit, Outbound.EventBytesLimit);
    private readonly FrameQueue _events = new(Outbound.EventLimit, Outbound.EventBytesLimit);
    private long _droppedEvents;

    /// <summary>Number of frames.</summary>
    public int Count => _answers.Count + _completions.Count + _events.Count;

    /// <summary>Puts a frame at the end of its queue.</summary>
    /// <returns>Frames that were dropped for it and have to be reported: all but events after the first.</returns>
    public List<OutboundFrame> Add(OutboundFrame frame)
    {
        QueueOf(frame).Add(frame);
        return Trim();
    }

    /// <summary>Puts frames that were taken back to the heads of their queues, in their old order.</summary>
    /// <returns>As <see cref="Add"/>.</returns>
    public List<OutboundFrame> Return(IReadOnlyList<OutboundFrame> frames)
    {
        for (var i = frames.Count - 1; i >= 0; i--)
        {
            QueueOf(frames[i]).Return(frames[i]);
        }

        return Trim();
    }

    /// <summary>
    /// The next frame: an answer, or else a completion or an event, in the order they were posted: progress that came after the end of its work
    /// would look like work that goes on.
    /// </summary>
    public OutboundFrame? TryTake() =>
        _answers.TryTake()
        ?? (_completions.First is { } completion && (_events.First is not { } other || completion.Posted < other.Posted)
            ? _completions.TryTake()
            : _events.TryTake());

    /// <summary>Number of events that were dropped since it was last asked for.</summary>
    public long TakeDroppedEvents()
    {
        var dropped = _droppedEvents;
        _droppedEvents = 0;
        return dropped;
    }

    private FrameQueue QueueOf(OutboundFrame frame) => frame.Class switch
    {
        FrameClass.Answer => _answers,
        FrameClass.Completion => _completions,
        FrameClass.Event => _events,
        _ => throw new ArgumentException($"{frame.Class} does not wait here", nameof(frame)),
    };

    private List<OutboundFrame> Trim()
    {
        var dropped = new List<OutboundFrame>();
        while ((_answers.TryTrim() ?? _completions.TryTrim() ?? _events.TryTrim()) is { } frame)
        {
            // Of events the log tells the first at once and their number when there is a link again.
            if (frame.Class != FrameClass.Event || _droppedEvents++ == 0)
            {
                dropped.Add(frame);
            }
        }

        return dropped;
    }
}
