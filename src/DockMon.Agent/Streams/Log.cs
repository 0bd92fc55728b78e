using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams;

internal static partial class Log
{
    [LoggerMessage(300, LogLevel.Information, "The stream of Docker's events ended: {Reason} (for this reason so far: {Count})")]
    public static partial void EventsEnded(ILogger logger, string reason, int count);

    [LoggerMessage(301, LogLevel.Warning, "Docker's events cannot be read: {Reason} (failed tries for this reason: {Count})")]
    public static partial void EventsFailed(ILogger logger, string reason, int count);

    [LoggerMessage(302, LogLevel.Information, "What runs was compared with what ran; {Changes} changes happened that no event told of (comparisons so far: {Count})")]
    public static partial void EventsReopened(ILogger logger, int changes, int count);

    [LoggerMessage(303, LogLevel.Information, "{Told} containers changed while the agent did not run, and are told of; {Left} more are not looked at")]
    public static partial void PastTold(ILogger logger, int told, int left);

    [LoggerMessage(304, LogLevel.Warning, "{Path} cannot be read ({Reason}): what happened while the agent did not run is not told")]
    public static partial void KnownUnreadable(ILogger logger, string path, string reason);

    [LoggerMessage(305, LogLevel.Warning, "{Path} cannot be written ({Reason}; failed tries: {Count}): what happens while the agent does not run will not be told")]
    public static partial void KnownNotKept(ILogger logger, string path, string reason, int count);

    [LoggerMessage(306, LogLevel.Warning, "Container {Name} ended or started while nobody looked, and cannot be inspected: {Reason}")]
    public static partial void NotLookedAt(ILogger logger, string name, string reason);

    [LoggerMessage(307, LogLevel.Warning, "What runs cannot be compared with what ran: {Reason} (failed tries for this reason: {Count})")]
    public static partial void NotCompared(ILogger logger, string reason, int count);
}
