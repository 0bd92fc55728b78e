namespace DockMon.Hub.Api;

/// <summary>What the hub logs of its API.</summary>
internal static partial class Log
{
    [LoggerMessage(101, LogLevel.Error, "The list of the containers of host {HostId} was answered, but could not be stored for later: {Reason}")]
    public static partial void ContainersNotKept(ILogger logger, string hostId, string reason);
}
