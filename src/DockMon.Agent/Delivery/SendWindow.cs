namespace DockMon.Agent.Delivery;

/// <summary>
/// What was taken for the connection and may not have arrived. TCP delivers in order: when a ping that was written after it is answered, it has arrived.
/// Not thread-safe.
/// </summary>
/// <param name="limit">Most frames; when they are reached, what must not be lost waits until the ping is answered.</param>
/// <param name="bytesLimit">Most bytes of them together.</param>
internal sealed class SendWindow(int limit, long bytesLimit)
{
    private readonly Queue<(OutboundFrame Frame, long Message)> _sent = new();
    private long _messages;
    private long _bytes;
    private long _ping;
    private long _beforePing;

    public bool IsEmpty => _sent.Count == 0;

    public bool HasRoom => _sent.Count < limit && _bytes < bytesLimit;

    public bool IsHalfFull => _sent.Count >= limit / 2 || _bytes >= bytesLimit / 2;

    /// <summary>A frame is the next message of the connection.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="keep">Whether it must not be lost.</param>
    public void Add(OutboundFrame frame, bool keep)
    {
        _messages++;
        if (keep)
        {
            _sent.Enqueue((frame, _messages));
            _bytes += frame.Bytes.Length;
        }
    }

    /// <summary>A ping with this number is about to be written, right after so many messages. It takes the place of the one before.</summary>
    public void Ping(long number, long messages) => (_ping, _beforePing) = (number, messages);

    /// <summary>A ping was answered.</summary>
    /// <returns>What has arrived; null when it is not the ping that was written last, as one of an earlier connection.</returns>
    public List<OutboundFrame>? Confirm(long number)
    {
        if (number == 0 || number != _ping)
        {
            return null;
        }

        var arrived = new List<OutboundFrame>();
        while (_sent.TryPeek(out var oldest) && oldest.Message <= _beforePing)
        {
            arrived.Add(_sent.Dequeue().Frame);
            _bytes -= oldest.Frame.Bytes.Length;
        }

        _ping = 0;
        return arrived;
    }

    /// <summary>The connection is gone.</summary>
    /// <returns>What may not have arrived, in the order it was sent.</returns>
    public List<OutboundFrame> Clear()
    {
        var lost = _sent.Select(sent => sent.Frame).ToList();
        _sent.Clear();
        (_messages, _bytes, _ping, _beforePing) = (0, 0, 0, 0);
        return lost;
    }
}
