using Microsoft.Extensions.Logging;

namespace DockMon.Agent;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "dockmon-agent {Version} starts; server {Server}, data in {DataPath}")]
    public static partial void Starting(ILogger logger, string version, string server, string dataPath);

    [LoggerMessage(2, LogLevel.Information, "Stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(3, LogLevel.Critical, "{Problem}")]
    public static partial void CannotStart(ILogger logger, string problem);

    [LoggerMessage(4, LogLevel.Critical, "The agent ends because of an error nobody foresaw")]
    public static partial void Failed(ILogger logger, Exception exception);

    [LoggerMessage(5, LogLevel.Warning, "What an earlier self-update left could not be cleared away: {Reason}")]
    public static partial void SelfUpdateUnfinished(ILogger logger, string reason);

    [LoggerMessage(6, LogLevel.Error, "The newer program in the data folder cannot be used, this one goes on: {Reason}")]
    public static partial void CannotLaunch(ILogger logger, string reason);

    [LoggerMessage(7, LogLevel.Error, "{Problem}. The agent goes on, but updates no container and not itself, and what a broken connection swallows may be lost")]
    public static partial void DataReadOnly(ILogger logger, string problem);
}
