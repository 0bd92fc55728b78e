using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Hosting;

internal static partial class HostingLog
{
    [LoggerMessage(400, LogLevel.Information, "This agent runs in container {Name} ({Id})")]
    public static partial void InContainer(ILogger logger, string name, string id);
}
