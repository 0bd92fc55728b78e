using Microsoft.Extensions.Logging;

namespace DockMon.Agent.SelfUpdate;

internal static partial class SelfUpdateLog
{
    [LoggerMessage(560, LogLevel.Warning, "Why the version before comes back could not be written down for the server: {Reason}")]
    public static partial void GuardCannotWrite(ILogger logger, string reason);

    [LoggerMessage(564, LogLevel.Warning, "What a self-update has left cannot be cleared away now, and is with the next start: {Reason}")]
    public static partial void NotCleared(ILogger logger, string reason);
}
