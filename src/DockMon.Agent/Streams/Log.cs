using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams;

internal static partial class Log
{
    [LoggerMessage(300, LogLevel.Information, "The stream of Docker's events ended: {Reason}")]
    public static partial void EventsEnded(ILogger logger, string reason);

    [LoggerMessage(301, LogLevel.Warning, "Docker's events cannot be read: {Reason} (failed tries for this reason: {Count})")]
    public static partial void EventsFailed(ILogger logger, string reason, int count);

    [LoggerMessage(302, LogLevel.Information, "Docker's events are read again; {Count} changes happened that no event told of")]
    public static partial void EventsReopened(ILogger logger, int count);
}
