using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Update;

internal static partial class UpdateLog
{
    [LoggerMessage(506, LogLevel.Warning, "The update of {Container} failed: {Reason}")]
    public static partial void Failed(ILogger logger, string container, string reason);

    [LoggerMessage(517, LogLevel.Warning, "What the update of {Container} left cannot be looked at once more: {Reason}")]
    public static partial void NoSecondLook(ILogger logger, string container, string reason);
}
