using Microsoft.Extensions.Logging;

namespace DockMon.Agent;

internal static partial class AgentLog
{
    [LoggerMessage(6, LogLevel.Error, "The newer program in the data folder cannot be used, this one goes on: {Reason}")]
    public static partial void CannotLaunch(ILogger logger, string reason);
}
