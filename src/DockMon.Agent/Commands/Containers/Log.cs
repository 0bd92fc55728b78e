using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Commands.Containers;

internal static partial class Log
{
    [LoggerMessage(220, LogLevel.Warning, "{Id} cannot be inspected, and is listed without what that would tell until it can be: {Reason}")]
    public static partial void NotInspected(ILogger logger, string id, string reason);

    [LoggerMessage(221, LogLevel.Warning,
        "The list of {Containers} containers does not fit into {Bytes} bytes: {Shortened} are told of by their essentials, {LeftOut} not at all (so far: {Count})")]
    public static partial void ListTooLong(ILogger logger, int containers, int bytes, int shortened, int leftOut, int count);

    [LoggerMessage(222, LogLevel.Warning, "Container {Id} was removed: an agent that was killed had created it and not connected it to all of its networks")]
    public static partial void HalfRemoved(ILogger logger, string id);

    [LoggerMessage(223, LogLevel.Warning, "Container {Id} is not connected to all of its networks, because an agent was killed while it created it, and cannot be removed now: {Reason}")]
    public static partial void HalfLeft(ILogger logger, string id, string reason);
}
