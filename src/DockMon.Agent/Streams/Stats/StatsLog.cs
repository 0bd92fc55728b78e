using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.Stats;

internal static partial class StatsLog
{
    [LoggerMessage(317, LogLevel.Debug, "The engine did not answer a question about {Container} within {Seconds} s")]
    public static partial void EngineStuck(ILogger logger, string container, double seconds);
}
