using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Commands.Containers;

internal static partial class Log
{
    [LoggerMessage(220, LogLevel.Warning, "{Id} cannot be inspected, and is listed without what that would tell until it can be: {Reason}")]
    public static partial void NotInspected(ILogger logger, string id, string reason);
}
