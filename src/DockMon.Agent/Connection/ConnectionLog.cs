using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Connection;

internal static partial class ConnectionLog
{
    [LoggerMessage(106, LogLevel.Debug, "The socket could not be closed in good order: {Reason}")]
    public static partial void CloseFailed(ILogger logger, string reason);
}
