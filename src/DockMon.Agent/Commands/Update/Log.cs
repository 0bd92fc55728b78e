using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Commands.Update;

internal static partial class Log
{
    [LoggerMessage(500, LogLevel.Debug, "Update of {Container}: {Reason}")]
    public static partial void Planned(ILogger logger, string container, string reason);

    [LoggerMessage(501, LogLevel.Warning, "The update of {Container} was interrupted at step {Step}; it is brought to its end now")]
    public static partial void Recovering(ILogger logger, string container, string step);

    [LoggerMessage(502, LogLevel.Warning, "The old container could not be removed and is left as {Name}: {Reason}")]
    public static partial void LeftBehind(ILogger logger, string name, string reason);

    [LoggerMessage(503, LogLevel.Error, "{Container} cannot be brought back yet: {Reason} (failed tries for this reason: {Count})")]
    public static partial void CannotGoBack(ILogger logger, string container, string reason, int count);

    [LoggerMessage(504, LogLevel.Error, "{Container}, which shares the network of an updated container, could not be brought over: {Reason}")]
    public static partial void DependentFailed(ILogger logger, string container, string reason);

    [LoggerMessage(505, LogLevel.Information, "Updating {Container} to {Image}")]
    public static partial void Starting(ILogger logger, string container, string image);

    [LoggerMessage(506, LogLevel.Warning, "The update of {Container} failed: {Reason}")]
    public static partial void Failed(ILogger logger, string container, string reason);

    [LoggerMessage(507, LogLevel.Error, "The update of {Container} failed in a way nobody foresaw; its journal is kept, and the next start ends it")]
    public static partial void Unforeseen(ILogger logger, Exception exception, string container);
}
