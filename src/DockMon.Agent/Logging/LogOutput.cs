using System.Buffers;
using System.Globalization;
using System.Text;

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

    private void Write(ReadOnlySpan<byte> utf8)
    {
        var characters = ArrayPool<char>.Shared.Rent(utf8.Length);
        var length = Encoding.UTF8.GetChars(utf8, characters);
        if (IsPlain(characters.AsSpan(0, length)))
        {
            TryWrite(characters, length);
        }
        else
        {
            Write(Escape(characters.AsSpan(0, length)));
        }

        ArrayPool<char>.Shared.Return(characters);
    }

    // What the JSON writer leaves as it is beyond ASCII stands in a string, where an escape means the same.
    private static bool IsPlain(ReadOnlySpan<char> line)
    {
        foreach (var c in line)
        {
            if (MustEscape(c))
            {
                return false;
            }
        }

        return true;
    }

    private static bool MustEscape(char c) => c > '~' && Visible.IsHidden(c);

    private static string Escape(ReadOnlySpan<char> line)
    {
        var escaped = new StringBuilder(line.Length + 64);
        foreach (var c in line)
        {
            _ = MustEscape(c) ? escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : escaped.Append(c);
        }

        return escaped.ToString();
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
