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
}
