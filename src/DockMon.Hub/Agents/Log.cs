namespace DockMon.Hub.Agents;

/// <summary>What the hub logs of its agents.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning,
        "Host {HostId} sent {Count} frames that are no valid messages since this was last told, the newest of {Size} bytes: {Reason}")]
    public static partial void FrameInvalid(ILogger logger, string hostId, int count, int size, string reason);

    [LoggerMessage(2, LogLevel.Debug, "Host {HostId} sent a frame of unknown type {Type}")]
    public static partial void FrameUnknown(ILogger logger, string hostId, string type);

    [LoggerMessage(3, LogLevel.Error, "Of host {HostId} {Count} events could not be stored since this was last told: {Reason}")]
    public static partial void EventNotKept(ILogger logger, string hostId, int count, string reason);

    [LoggerMessage(4, LogLevel.Warning,
        "Dropped {Count} events of host {HostId} since this was last told, the newest of {Size} bytes: {Limit} are the most that is taken")]
    public static partial void EventTooLarge(ILogger logger, string hostId, int count, int size, int limit);

    [LoggerMessage(5, LogLevel.Warning,
        "Refused {Count} sockets since this was last told, the newest of {Address}: {Waiting} sockets have not registered yet (at most {Most} may), "
        + "{OfAddress} of them of that address (at most {MostOfAddress})")]
    public static partial void SocketsRefused(ILogger logger, int count, string address, int waiting, int most, int ofAddress, int mostOfAddress);

    [LoggerMessage(6, LogLevel.Error, "An agent at {Address} could not register, and was told to come back: {Reason}")]
    public static partial void RegistrationNotStored(ILogger logger, string address, string reason);

    [LoggerMessage(7, LogLevel.Error, "When host {HostId} was last seen could not be stored: {Reason}")]
    public static partial void LastSeenNotKept(ILogger logger, string hostId, string reason);

    [LoggerMessage(8, LogLevel.Error, "The health checks of host {HostId} could not be read, so its agent goes on with those it has: {Reason}")]
    public static partial void ChecksNotRead(ILogger logger, string hostId, string reason);
}
