using System.Text.Json;

namespace DockMon.Protocol;

/// <summary>What a server says of a log that is followed (<see cref="ExtensionNames.LogStream"/>).</summary>
public sealed record LogStreamRequest
{
    /// <summary>Credit of a stream that names none, in frames.</summary>
    public const int DefaultCredit = 8;

    /// <summary>Most credit that a stream can have, in frames.</summary>
    public const int MaxCredit = 64;

    /// <summary><c>start</c>, <c>credit</c> or <c>stop</c>.</summary>
    public string? Action { get; init; }

    /// <summary>The server's id of the stream.</summary>
    public string? StreamId { get; init; }

    /// <summary>The container, with <c>start</c>.</summary>
    public string? ContainerId { get; init; }

    /// <summary>How many of the last lines to begin with, with <c>start</c>; negative for all.</summary>
    public int? Tail { get; init; }

    /// <summary>Since when, that moment included: RFC 3339 text, or Unix seconds as text or number.</summary>
    public JsonElement? Since { get; init; }

    /// <summary>Until when, in the same forms: then the log is read up to there and not followed.</summary>
    public JsonElement? Until { get; init; }

    /// <summary>How many frames more may be sent.</summary>
    public int? Credit { get; init; }
}

/// <summary>Lines of a log that is followed.</summary>
public sealed record LogData
{
    /// <summary>The server's id of the stream.</summary>
    public required string StreamId { get; init; }

    /// <summary>1 for the first frame of a stream, and one more for each.</summary>
    public long Seq { get; init; }

    /// <summary>The lines, the oldest first.</summary>
    public required IReadOnlyList<LogLine> Lines { get; init; }
}

/// <summary>One line.</summary>
/// <param name="Time">When it was written, as Docker says it: RFC 3339 with nanoseconds.</param>
/// <param name="Stream"><c>stdout</c> or <c>stderr</c>; a terminal's output is <c>stdout</c>.</param>
/// <param name="Text">The text without the line break.</param>
public sealed record LogLine(string Time, string Stream, string Text);

/// <summary>A log is not followed any more.</summary>
public sealed record LogEnd
{
    /// <summary>The server's id of the stream.</summary>
    public required string StreamId { get; init; }

    /// <summary>One of <see cref="LogEndReasons"/>.</summary>
    public required string Reason { get; init; }

    /// <summary>More about it.</summary>
    public string? Error { get; init; }
}

/// <summary>Values of <see cref="LogEnd.Reason"/>.</summary>
public static class LogEndReasons
{
    /// <summary>The log was read up to the time that was asked for.</summary>
    public const string Complete = "complete";

    /// <summary>The server stopped it.</summary>
    public const string Stopped = "stopped";

    /// <summary>The container is gone.</summary>
    public const string Removed = "removed";

    /// <summary>It may not be read, or too many are followed; <see cref="LogEnd.Error"/> says which.</summary>
    public const string Refused = "refused";

    /// <summary>It cannot be read; <see cref="LogEnd.Error"/> says why.</summary>
    public const string Failed = "failed";
}

/// <summary>
/// Where a reader of a log is. A log is continued from the time of the last line, that line included: this tells the lines that were there before from the
/// new ones. Not thread-safe.
/// </summary>
public sealed class LogPosition
{
    private const int Remembered = 256;

    private readonly Queue<(string Time, int Length, int Hash)> _recent = new();
    private DateTimeOffset _last;
    private DateTimeOffset _newest;
    private bool _isContinuing;

    /// <summary>The time of the last line; null before the first.</summary>
    public string? Time { get; private set; }

    /// <summary>The log is read again from <see cref="Time"/> on.</summary>
    public void Continue() => _isContinuing = true;

    /// <summary>Takes in the next line.</summary>
    /// <returns>Whether it is a new one.</returns>
    public bool Add(LogLine line)
    {
        ArgumentNullException.ThrowIfNull(line);
        var key = (line.Time, line.Text.Length, HashCode.Combine(line.Stream, line.Text));
        var isKnown = Rfc3339.TryParse(line.Time, out var time);
        if (_isContinuing && isKnown && (time < _last || (time <= _newest && _recent.Contains(key))))
        {
            return false;
        }

        if (isKnown)
        {
            _isContinuing &= time <= _newest;
            (_last, _newest) = (time, time > _newest ? time : _newest);
        }

        Time = line.Time;
        _recent.Enqueue(key);
        if (_recent.Count > Remembered)
        {
            _recent.Dequeue();
        }

        return true;
    }
}
