using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.HostMetrics;

internal static partial class Log
{
    [LoggerMessage(720, LogLevel.Information, "No statistics of the host: the agent runs in a container and the host's /proc is not mounted (-v /proc:/host/proc:ro -v /sys:/host/sys:ro)")]
    public static partial void HostUnseen(ILogger logger);

    [LoggerMessage(721, LogLevel.Warning, "Statistics of the host cannot be read: {Reason} (failed tries for this reason: {Count})")]
    public static partial void HostUnreadable(ILogger logger, string reason, int count);

    [LoggerMessage(722, LogLevel.Warning, "No statistics of the host: the machine that the agent sees is not the engine's host, or may not be: {Reason}")]
    public static partial void HostElsewhere(ILogger logger, string reason);
}
