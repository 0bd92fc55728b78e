using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Compose.Deploy.Tool;

internal static partial class ComposeLog
{
    [LoggerMessage(859, LogLevel.Warning, "{Path} holds passwords of registries, left by a deployment, and cannot be removed now: {Reason}")]
    public static partial void RegistriesLeft(ILogger logger, string path, string reason);
}
