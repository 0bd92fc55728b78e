using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Health;

internal static partial class Log
{
    [LoggerMessage(900, LogLevel.Warning, "There can be no socket {Path} ({Reason}): \"dockmon-agent health\" will call this agent unhealthy. DATA_PATH has to be a short path on a file system that has sockets")]
    public static partial void NoSocket(ILogger logger, string path, string reason);

    [LoggerMessage(901, LogLevel.Debug, "A question for the agent's health was not answered: {Reason}")]
    public static partial void NotAnswered(ILogger logger, string reason);

    [LoggerMessage(902, LogLevel.Warning, "What the Docker engine sent for {Request} has {Length} bytes: {Problem} (so far: {Count})")]
    public static partial void AnswerCut(ILogger logger, string request, long length, string problem, int count);
}
