using DockMon.Protocol;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace DockMon.Hub;

/// <summary>
/// An entry of the log on one line. Agents write some of what is in it: nothing of that moves a cursor or looks like a line of the hub's own.
/// </summary>
internal sealed class LineFormatter() : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "line";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var text = logEntry.Formatter(logEntry.State, logEntry.Exception);
        if (logEntry.Exception is { } exception)
        {
            text += " " + exception;
        }

        textWriter.WriteLine($"{Level(logEntry.LogLevel)}: {logEntry.Category}[{logEntry.EventId.Id}] {Visible.Escape(text.ReplaceLineEndings(" "))}");
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };
}
