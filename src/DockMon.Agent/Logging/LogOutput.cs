using System.Buffers;
using System.Text;
using DockMon.Protocol;

namespace DockMon.Agent.Logging;

/// <summary>Where the lines of all loggers go: each in one write, so that lines of different threads never mix.</summary>
internal sealed class LogOutput(TextWriter output, bool json, TimeProvider time)
{
    private readonly TextWriter _output = TextWriter.Synchronized(output);

    public void Write(in LogEntry entry)
    {
        var now = time.GetUtcNow();
        if (json)
        {
            var line = JsonLine.Rent();
            line.Format(entry, now);
            Write(line.Written);
            line.Return();
        }
        else
        {
            Write(TextLine.Format(entry, now));
        }
    }

    // What the JSON writer leaves as it is beyond ASCII stands in a string, where an escape means the same.
    private void Write(ReadOnlySpan<byte> utf8)
    {
        var characters = ArrayPool<char>.Shared.Rent(utf8.Length);
        var length = Encoding.UTF8.GetChars(utf8, characters);
        var line = characters.AsSpan(0, length - 1);
        if (Visible.HasHidden(line))
        {
            Write(Visible.Escape(line.ToString()) + "\n");
        }
        else
        {
            TryWrite(characters, length);
        }

        ArrayPool<char>.Shared.Return(characters);
    }

    private void Write(string line) => TryWrite(line.ToCharArray(), line.Length);

    private void TryWrite(char[] characters, int length)
    {
        try
        {
            _output.Write(characters, 0, length);
            _output.Flush();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Whoever read the log is gone. That is no reason to stop working, and there is nowhere left to say so.
        }
    }
}
