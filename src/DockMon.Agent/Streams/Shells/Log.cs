using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.Shells;

internal static partial class Log
{
    [LoggerMessage(600, LogLevel.Information, "Shell {Session} in container {Container} started")]
    public static partial void Started(ILogger logger, string session, string container);

    [LoggerMessage(601, LogLevel.Information, "Shell {Session} in container {Container} ended: {Reason}")]
    public static partial void Ended(ILogger logger, string session, string container, string reason);

    [LoggerMessage(602, LogLevel.Warning, "Processes of shell {Session} may be left in container {Container}: {Reason}")]
    public static partial void MayBeLeft(ILogger logger, string session, string container, string reason);

    [LoggerMessage(603, LogLevel.Debug, "The terminal of shell {Session} did not take its size: {Reason}")]
    public static partial void ResizeFailed(ILogger logger, string session, string reason);

    [LoggerMessage(604, LogLevel.Error, "Shell {Session} failed")]
    public static partial void Failed(ILogger logger, Exception exception, string session);

    [LoggerMessage(606, LogLevel.Warning, "{Count} shells do not end, because the engine does not answer; they are left")]
    public static partial void Left(ILogger logger, int count);

    [LoggerMessage(605, LogLevel.Debug, "Shell {Session} takes no more input: {Reason}")]
    public static partial void InputEnded(ILogger logger, string session, string reason);
}
