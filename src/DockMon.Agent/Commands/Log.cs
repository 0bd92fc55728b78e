using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Commands;

internal static partial class Log
{
    [LoggerMessage(200, LogLevel.Warning, "A frame of {Size} bytes was dropped because it is no valid message: {Reason}")]
    public static partial void FrameInvalid(ILogger logger, int size, string reason);

    [LoggerMessage(201, LogLevel.Warning, "A frame of unknown type {Type} was dropped")]
    public static partial void FrameUnknown(ILogger logger, string type);

    [LoggerMessage(202, LogLevel.Warning, "A {Kind} without an id was dropped: {Name}")]
    public static partial void NoId(ILogger logger, string kind, string name);

    [LoggerMessage(203, LogLevel.Error, "{Name} failed in a way nobody foresaw")]
    public static partial void HandlerFailed(ILogger logger, Exception exception, string name);

    [LoggerMessage(205, LogLevel.Warning, "A message of type {Type} was dropped: {Reason}")]
    public static partial void MessageRefused(ILogger logger, string type, string reason);

    [LoggerMessage(206, LogLevel.Error, "A frame of {Size} bytes failed in a way nobody foresaw")]
    public static partial void FrameFailed(ILogger logger, Exception exception, int size);

    [LoggerMessage(204, LogLevel.Warning, "Operations still ran after {Seconds} s; they were told to give up")]
    public static partial void GivingUp(ILogger logger, double seconds);

    [LoggerMessage(207, LogLevel.Warning, "Operations that cannot be given up are left to the Docker engine")]
    public static partial void Leaving(ILogger logger);

    [LoggerMessage(208, LogLevel.Warning, "{Name} was refused because too much waits already; the request has {Bytes} bytes")]
    public static partial void TooMuchWaits(ILogger logger, string name, long bytes);
}
