using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Update;

internal static partial class UpdateLog
{
    [LoggerMessage(506, LogLevel.Warning, "The update of {Container} failed: {Reason}")]
    public static partial void Failed(ILogger logger, string container, string reason);

    [LoggerMessage(517, LogLevel.Warning, "Late effects of the update of {Container} cannot be looked for: {Reason}")]
    public static partial void NoLateEffectCheck(ILogger logger, string container, string reason);
}
