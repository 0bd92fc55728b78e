using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Commands.SelfUpdate;

internal static partial class Log
{
    [LoggerMessage(550, LogLevel.Information, "Becoming version {Version} ({Path}), which has replaced version {BaseVersion}")]
    public static partial void Launching(ILogger logger, string version, string path, string baseVersion);

    [LoggerMessage(551, LogLevel.Information, "Becoming version {Version} on trial: it has to be registered and to stay connected within {Seconds} s")]
    public static partial void Trying(ILogger logger, string version, double seconds);

    [LoggerMessage(552, LogLevel.Information, "Version {Version} has proven itself and stays")]
    public static partial void TrialPassed(ILogger logger, string version);

    [LoggerMessage(553, LogLevel.Error, "Version {Version} has not proven itself in time; the version before it takes over")]
    public static partial void TrialGivenUp(ILogger logger, string version);

    [LoggerMessage(554, LogLevel.Error, "A self-update failed: {Reason}")]
    public static partial void TrialFailed(ILogger logger, string reason);

    [LoggerMessage(555, LogLevel.Error, "Version {Version} {Reason}; its guard brings the version before it back")]
    public static partial void GuardActs(ILogger logger, string version, string reason);

    [LoggerMessage(556, LogLevel.Warning, "The self-update was refused or failed at \"{Stage}\": {Reason}")]
    public static partial void Failed(ILogger logger, string stage, string reason);

    [LoggerMessage(557, LogLevel.Warning, "A container that a self-update made could not be removed: {Reason}")]
    public static partial void LeftBehind(ILogger logger, string reason);

    [LoggerMessage(558, LogLevel.Error, "The self-update failed in a way nobody foresaw")]
    public static partial void Unforeseen(ILogger logger, Exception exception);

    [LoggerMessage(559, LogLevel.Error, "The container cannot be restarted: {Reason}")]
    public static partial void GuardFailed(ILogger logger, string reason);

    [LoggerMessage(560, LogLevel.Warning, "Why the version before comes back could not be written down for the server: {Reason}")]
    public static partial void GuardCannotWrite(ILogger logger, string reason);

    [LoggerMessage(562, LogLevel.Error, "Version {Version} works, but that cannot be written down yet: {Reason}")]
    public static partial void CannotConfirm(ILogger logger, string version, string reason);

    [LoggerMessage(563, LogLevel.Error, "A newer version in the data folder is not executed, and the program that was started runs: {Reason}")]
    public static partial void NotTrusted(ILogger logger, string reason);

    [LoggerMessage(564, LogLevel.Warning, "What a self-update has left cannot be cleared away now, and is with the next start: {Reason}")]
    public static partial void NotCleared(ILogger logger, string reason);

    [LoggerMessage(565, LogLevel.Warning, "A self-update that does not come to its end within {Seconds} s is left as it is; the next start clears away what it made")]
    public static partial void NotEnded(ILogger logger, double seconds);

    [LoggerMessage(561, LogLevel.Warning, "What was under way still is after {Minutes} minutes; the new version waits no longer")]
    public static partial void NotWaiting(ILogger logger, double minutes);
}
