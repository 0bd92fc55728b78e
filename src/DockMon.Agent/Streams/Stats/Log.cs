using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.Stats;

internal static partial class Log
{
    [LoggerMessage(310, LogLevel.Information, "Container statistics come from the kernel")]
    public static partial void FromKernel(ILogger logger);

    [LoggerMessage(311, LogLevel.Information, "Container statistics come from the engine, as STATS_SOURCE says")]
    public static partial void FromEngine(ILogger logger);

    [LoggerMessage(312, LogLevel.Warning, "Statistics of some containers come from the engine, which costs it work: {Reason}. {Remedy}")]
    public static partial void KernelUnreachable(ILogger logger, string reason, string remedy);

    [LoggerMessage(313, LogLevel.Error, "No statistics of some containers: STATS_SOURCE is kernel, and {Reason}. {Remedy}")]
    public static partial void NoStatistics(ILogger logger, string reason, string remedy);

    [LoggerMessage(314, LogLevel.Debug, "No statistics of {Container} from the engine: {Reason}")]
    public static partial void EngineFailed(ILogger logger, string container, string reason);

    [LoggerMessage(315, LogLevel.Warning, "The host's /proc cannot be read: {Reason} (failed tries for this reason: {Count})")]
    public static partial void KernelUnreadable(ILogger logger, string reason, int count);

    [LoggerMessage(316, LogLevel.Debug, "{Container} cannot be measured yet: {Reason}")]
    public static partial void InspectFailed(ILogger logger, string container, string reason);

    [LoggerMessage(317, LogLevel.Debug, "The engine did not answer a question about {Container} within {Seconds} s")]
    public static partial void EngineStuck(ILogger logger, string container, double seconds);
}
