using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Connection;

internal static partial class Log
{
    [LoggerMessage(100, LogLevel.Information, "Connected to {Server} as {Hostname}, host {HostId}")]
    public static partial void Connected(ILogger logger, string server, string hostname, string hostId);

    [LoggerMessage(101, LogLevel.Warning, "Connection ended after {Seconds} s: {Reason}. Next try in {Delay} s (short connections with this end: {Count})")]
    public static partial void ConnectionEnded(ILogger logger, long seconds, string reason, double delay, int count);

    [LoggerMessage(102, LogLevel.Warning, "Cannot connect: {Reason}. Next try in {Delay} s (failed tries for this reason: {Count})")]
    public static partial void CannotConnect(ILogger logger, string reason, double delay, int count);

    [LoggerMessage(103, LogLevel.Error, "The server refused this agent: {Reason}. {Remedy} Next try in {Delay} s (refusals: {Count})")]
    public static partial void Rejected(ILogger logger, string reason, string remedy, double delay, int count);

    [LoggerMessage(104, LogLevel.Error, "Another agent keeps taking this agent's place on the server ({Count} times): two machines were probably cloned from one image and share an engine id. "
        + "Give one of them its own name by AGENT_NAME and set FORCE_UNIQUE_REGISTRATION=true, or delete /var/lib/docker/engine-id (older: /etc/docker/key.json) on it and restart its Docker")]
    public static partial void Cloned(ILogger logger, int count);

    [LoggerMessage(105, LogLevel.Warning, "A frame of {Size} bytes was dropped: text frames of up to {Limit} bytes are read")]
    public static partial void FrameDiscarded(ILogger logger, long size, int limit);

    [LoggerMessage(106, LogLevel.Debug, "The socket could not be closed in good order: {Reason}")]
    public static partial void CloseFailed(ILogger logger, string reason);

    [LoggerMessage(107, LogLevel.Warning, "An answer of {Size} bytes was dropped: no connection within a minute (timeout)")]
    public static partial void AnswerExpired(ILogger logger, int size);

    [LoggerMessage(108, LogLevel.Warning, "{Count} events were lost while there was no connection: only the newest {Limit} are kept")]
    public static partial void EventsDropped(ILogger logger, long count, int limit);

    [LoggerMessage(109, LogLevel.Information, "Registered; the permanent token is kept in {Path}")]
    public static partial void TokenSaved(ILogger logger, string path);

    [LoggerMessage(110, LogLevel.Error, "The permanent token could not be saved ({Reason}). It is used until the agent stops; make {Path} writable before then, or the agent has to be registered anew")]
    public static partial void TokenNotSaved(ILogger logger, string reason, string path);

    [LoggerMessage(111, LogLevel.Warning, "The stored permanent token was refused; trying REGISTRATION_TOKEN")]
    public static partial void TryingRegistrationToken(ILogger logger);

    [LoggerMessage(112, LogLevel.Information, "This server takes no separate stats socket ({Reason}); statistics go over the control socket alone")]
    public static partial void StatsSocketRefused(ILogger logger, string reason);

    [LoggerMessage(113, LogLevel.Debug, "Stats socket ended: {Reason}")]
    public static partial void StatsSocketEnded(ILogger logger, string reason);

    [LoggerMessage(114, LogLevel.Debug, "Stats socket connected")]
    public static partial void StatsSocketConnected(ILogger logger);

    [LoggerMessage(116, LogLevel.Error, "Connecting failed in a way nobody foresaw. Next try in {Delay} s")]
    public static partial void ConnectFailed(ILogger logger, Exception exception, double delay);

    [LoggerMessage(115, LogLevel.Warning, "INSECURE_SKIP_VERIFY is set: the server's certificate is not checked, and anyone on the way can take over this agent")]
    public static partial void Insecure(ILogger logger);

    [LoggerMessage(117, LogLevel.Error, "How something ended could not be written to disk, and is lost if the agent ends before the server has it: {Reason}")]
    public static partial void CompletionNotKept(ILogger logger, string reason);

    [LoggerMessage(118, LogLevel.Warning, "{File} was delivered and cannot be removed, and is sent once more after the next start: {Reason}")]
    public static partial void CompletionNotRemoved(ILogger logger, string file, string reason);

    [LoggerMessage(119, LogLevel.Warning, "{File} is none of the agent's files and is left alone")]
    public static partial void StrayFile(ILogger logger, string file);

    [LoggerMessage(120, LogLevel.Warning, "The connection to {Server} is not encrypted (ws://): whoever is on the way to it can read everything, the token included, and take over this agent and its host. "
        + "Write wss:// in DOCKMON_URL, unless the network between is yours alone")]
    public static partial void NotEncrypted(ILogger logger, string server);

    [LoggerMessage(121, LogLevel.Error, "An answer of {Size} bytes was dropped: {Limit} answers or {Bytes} bytes of them wait for a connection at most, and newer ones came")]
    public static partial void AnswerDropped(ILogger logger, int size, int limit, int bytes);

    [LoggerMessage(122, LogLevel.Error, "How something ended ({Size} bytes) was dropped, and no server will hear of it: {Limit} such messages or {Bytes} bytes of them wait for a connection at most, and newer ones came")]
    public static partial void CompletionDropped(ILogger logger, int size, int limit, int bytes);

    [LoggerMessage(123, LogLevel.Warning, "{Limit} events or {Bytes} bytes of them wait for a connection: from now on each new one drops the oldest, which are counted when there is a connection again")]
    public static partial void EventsFull(ILogger logger, int limit, int bytes);

    [LoggerMessage(124, LogLevel.Error, "A message to the server ({Class}) was dropped: it has {Size} bytes, and a server takes {Limit} at most")]
    public static partial void FrameTooLarge(ILogger logger, FrameClass @class, int size, int limit);

    [LoggerMessage(125, LogLevel.Error, "{File} cannot be read, and what it holds is not sent before the next start: {Reason}")]
    public static partial void CompletionNotRead(ILogger logger, string file, string reason);
}
