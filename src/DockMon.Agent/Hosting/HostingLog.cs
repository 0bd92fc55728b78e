using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Hosting;

internal static partial class HostingLog
{
    [LoggerMessage(400, LogLevel.Information, "This agent runs in container {Name} ({Id}), network {Network}")]
    public static partial void SelfFound(ILogger logger, string name, string id, string network);

    [LoggerMessage(401, LogLevel.Debug, "This agent runs in no container of this engine ({Candidates} ids looked up)")]
    public static partial void SelfNotFound(ILogger logger, int candidates);

    [LoggerMessage(402, LogLevel.Warning, "The engine does not let container {Id} be inspected, which may be the agent's own: {Reason}")]
    public static partial void CandidateRefused(ILogger logger, string id, string reason);

    [LoggerMessage(403, LogLevel.Information, "Started as root; {User}")]
    public static partial void User(ILogger logger, string user);

    [LoggerMessage(404, LogLevel.Warning, "The service manager at NOTIFY_SOCKET cannot be told anything: {Reason}")]
    public static partial void NotNotified(ILogger logger, string reason);

    [LoggerMessage(405, LogLevel.Debug, "This system does not show what is mapped ({Reason}): program text that is no longer needed stays in memory")]
    public static partial void MapsUnreadable(ILogger logger, string reason);

    [LoggerMessage(406, LogLevel.Warning, "The engine cannot tell yet which container this agent runs in; until it can, nothing is done that might end the agent itself: {Reason}")]
    public static partial void SelfUnknown(ILogger logger, string reason);
}
