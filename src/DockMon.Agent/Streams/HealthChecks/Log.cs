using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.HealthChecks;

internal static partial class Log
{
    [LoggerMessage(700, LogLevel.Information, "{Count} health checks are configured")]
    public static partial void Configured(ILogger logger, int count);

    [LoggerMessage(701, LogLevel.Warning, "A health check was left out: {Reason}")]
    public static partial void LeftOut(ILogger logger, string reason);

    [LoggerMessage(702, LogLevel.Information, "{Container} answers its health check")]
    public static partial void BecameHealthy(ILogger logger, string container);

    [LoggerMessage(703, LogLevel.Information, "{Container} fails its health check: {Reason}")]
    public static partial void BecameUnhealthy(ILogger logger, string container, string reason);

    [LoggerMessage(704, LogLevel.Error, "A health check broke: {What}")]
    public static partial void CheckBroke(ILogger logger, Exception exception, string what);
}
