using System.Globalization;
using System.Text;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Logging;

/// <summary>An entry as a line for people: <c>2026-11-23 12:00:01Z INF connection: text</c>.</summary>
internal static class TextLine
{
    public static string Format(in LogEntry entry, DateTimeOffset now)
    {
        var line = new StringBuilder(128);
        line.Append(CultureInfo.InvariantCulture, $"{now.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z {Level(entry.Level)} ");
        AppendEscaped(line, entry.Logger);
        line.Append(": ");
        AppendEscaped(line, LogEntry.Cut(entry.Message));
        if (entry.Error is { } error)
        {
            line.Append(" (");
            AppendEscaped(line, error);
            line.Append(')');
        }

        if (entry.Stack is { } stack)
        {
            foreach (var frame in stack.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                line.Append(' ');
                AppendEscaped(line, frame);
            }
        }

        return line.Append('\n').ToString();
    }

    private static string Level(LogLevel level) => level switch
    {
        <= LogLevel.Debug => "DBG",
        LogLevel.Information => "INF",
        LogLevel.Warning => "WRN",
        _ => "ERR",
    };

    // Or others could write log lines.
    private static void AppendEscaped(StringBuilder line, string text) => line.Append(Visible.Escape(
        text.Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal)));
}
