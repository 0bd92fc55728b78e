namespace DockMon.Agent.Delivery;

/// <summary>Frames of one class in their order. When there are too many the oldest goes, and whoever trims is told which. Not thread-safe.</summary>
/// <param name="limit">Most frames.</param>
/// <param name="bytesLimit">Most bytes of them together; one frame always fits.</param>
internal sealed class FrameQueue(int limit, long bytesLimit)
{
    private readonly LinkedList<OutboundFrame> _frames = new();
    private long _bytes;

    public int Count => _frames.Count;

    /// <summary>The frame that is taken next.</summary>
    public OutboundFrame? First => _frames.First?.Value;

    public void Add(OutboundFrame frame)
    {
        _frames.AddLast(frame);
        _bytes += frame.Bytes.Length;
    }

    /// <summary>Puts a frame that was taken back to the head.</summary>
    public void Return(OutboundFrame frame)
    {
        _frames.AddFirst(frame);
        _bytes += frame.Bytes.Length;
    }

    public OutboundFrame? TryTake()
    {
        if (_frames.First is not { } first)
        {
            return null;
        }

        _frames.RemoveFirst();
        _bytes -= first.Value.Bytes.Length;
        return first.Value;
    }

    /// <summary>Takes the oldest one out if there is too much.</summary>
    public OutboundFrame? TryTrim() => _frames.Count > limit || (_bytes > bytesLimit && _frames.Count > 1) ? TryTake() : null;
}
