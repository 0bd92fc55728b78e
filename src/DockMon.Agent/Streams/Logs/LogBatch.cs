using System.Text;
using DockMon.Protocol;

namespace DockMon.Agent.Streams.Logs;

/// <summary>Lines that are sent together: as many as fit into a frame, or come within a moment.</summary>
internal sealed class LogBatch(TimeProvider time)
{
    /// <summary>Most bytes of text in a frame; one line always fits.</summary>
    public const int Bytes = 32 * 1024;

    /// <summary>How long a line waits for others.</summary>
    public static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(100);

    private const int LineOverhead = 80;

    private List<LogLine> _lines = [];
    private int _bytes;
    private long _since;

    public bool IsEmpty => _lines.Count == 0;

    /// <summary>How long it may wait yet.</summary>
    public TimeSpan Left => Wait - time.GetElapsedTime(_since);

    /// <summary>Adds a line if there is room.</summary>
    public bool TryAdd(LogLine line)
    {
        var bytes = Encoding.UTF8.GetByteCount(line.Text) + LineOverhead;
        if (_lines.Count > 0 && _bytes + bytes > Bytes)
        {
            return false;
        }

        _since = _lines.Count == 0 ? time.GetTimestamp() : _since;
        _lines.Add(line);
        _bytes += bytes;
        return true;
    }

    /// <summary>Its lines; it is empty afterwards.</summary>
    public IReadOnlyList<LogLine> Take()
    {
        var lines = _lines;
        (_lines, _bytes) = ([], 0);
        return lines;
    }
}
