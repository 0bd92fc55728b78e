using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Streams.Logs;

/// <summary>
/// Puts lines together from the pieces of a container's output, each of which has its time in front. Docker keeps a line of more than 16 KiB in several
/// pieces; it is one line here, up to a limit.
/// </summary>
internal sealed class LogLines
{
    /// <summary>Most bytes of one line; the rest is cut, and a mark says so.</summary>
    public const int LineBytes = 16 * 1024;

    /// <summary>What Docker divides longer lines into.</summary>
    private const int DockerPieceBytes = 16 * 1024;

    /// <summary>Longest time with the space after it.</summary>
    private const int TimeBytes = 40;

    private readonly Dictionary<LogSource, OpenLine> _open = [];

    /// <summary>Takes in a piece.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="lines">Gets the lines that it ends.</param>
    public void Add(LogPiece piece, List<LogLine> lines)
    {
        if (!_open.TryGetValue(piece.Source, out var open))
        {
            _open.Add(piece.Source, open = new OpenLine(piece.Source == LogSource.Error ? "stderr" : "stdout"));
        }

        var data = piece.Data.Span;
        var time = piece.Source == LogSource.Terminal ? 0 : TimeLength(data);
        var isWhole = piece.Source != LogSource.Terminal && data.Length - time < DockerPieceBytes;
        if (!open.IsEmpty)
        {
            data = data[time..]; // The line goes on in another piece, which has a time of its own.
        }

        while (data.IndexOf((byte)'\n') is var end and >= 0)
        {
            open.Append(data[..end]);
            lines.Add(open.Take());
            data = data[(end + 1)..];
        }

        open.Append(data);
        if (isWhole && !open.IsEmpty)
        {
            lines.Add(open.Take()); // The program ended in the middle of a line.
        }
    }

    /// <summary>The lines that have no end yet: the output has ended.</summary>
    public IEnumerable<LogLine> TakeRest() => [.. _open.Values.Where(open => !open.IsEmpty).Select(open => open.Take())];

    /// <summary>How long the time in front of a text is, with the space after it; 0 where there is none.</summary>
    private static int TimeLength(ReadOnlySpan<byte> data)
    {
        var space = data[..Math.Min(data.Length, TimeBytes)].IndexOf((byte)' ');
        return space > 0 && Rfc3339.TryParse(Encoding.ASCII.GetString(data[..space]), out _) ? space + 1 : 0;
    }

    private sealed class OpenLine(string stream)
    {
        private readonly List<byte> _bytes = [];
        private long _cut;
        private string _time = "";

        public bool IsEmpty => _bytes.Count == 0;

        public void Append(ReadOnlySpan<byte> data)
        {
            var kept = (int)Math.Min(data.Length, LineBytes + TimeBytes - _bytes.Count);
            _bytes.AddRange(data[..kept]);
            _cut += data.Length - kept;
        }

        public LogLine Take()
        {
            var line = CollectionsMarshal.AsSpan(_bytes);
            var time = TimeLength(line);
            // One that has none is of the moment of the line before.
            _time = time > 0 ? Encoding.ASCII.GetString(line[..(time - 1)]) : _time;
            var text = line[time..];
            var length = text.Length + _cut;
            var isCut = length > LineBytes;
            text = isCut ? text[..WholeCharacters(text[..LineBytes])] : text.TrimEnd((byte)'\r');
            var taken = new LogLine(
                _time,
                stream,
                isCut ? string.Create(CultureInfo.InvariantCulture, $"{Encoding.UTF8.GetString(text)}… (cut, {length} bytes)") : Encoding.UTF8.GetString(text));
            _bytes.Clear();
            if (_bytes.Capacity > 4096)
            {
                _bytes.Capacity = 0; // A long line is the exception.
            }

            _cut = 0;
            return taken;
        }

        private static int WholeCharacters(ReadOnlySpan<byte> text)
        {
            var end = text.Length;
            while (end > text.Length - 4 && end > 0 && (text[end - 1] & 0xC0) == 0x80)
            {
                end--;
            }

            // Before what may be the rest of a character stands its first byte.
            return end > 0 && text[end - 1] >= 0xC0 ? end - 1 : text.Length;
        }
    }
}
