using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Commands.Update;

internal static partial class Log
{
    [LoggerMessage(500, LogLevel.Debug, "Update of {Container}: {Reason}")]
    public static partial void Planned(ILogger logger, string container, string reason);

    [LoggerMessage(501, LogLevel.Warning, "The update of {Container} was interrupted at step {Step}; it is brought to its end now")]
    public static partial void Recovering(ILogger logger, string container, string step);

    [LoggerMessage(502, LogLevel.Warning, "The old container could not be removed and is left as {Name}: {Reason}")]
    public static partial void LeftBehind(ILogger logger, string name, string reason);

    [LoggerMessage(503, LogLevel.Error, "{Container} cannot be brought back yet: {Reason} (failed tries for this reason: {Count})")]
    public static partial void CannotGoBack(ILogger logger, string container, string reason, int count);

    [LoggerMessage(504, LogLevel.Error, "{Container}, which shares the network of an updated container, could not be brought over: {Reason}")]
    public static partial void DependentFailed(ILogger logger, string container, string reason);

    [LoggerMessage(505, LogLevel.Information, "Updating {Container} to {Image}")]
    public static partial void Starting(ILogger logger, string container, string image);

    [LoggerMessage(506, LogLevel.Warning, "The update of {Container} failed: {Reason}")]
    public static partial void Failed(ILogger logger, string container, string reason);

    [LoggerMessage(507, LogLevel.Error, "The update of {Container} failed in a way nobody foresaw; its journal is kept, and the next start ends it")]
    public static partial void Unforeseen(ILogger logger, Exception exception, string container);

    [LoggerMessage(508, LogLevel.Warning, "The journal of the update of {Container} cannot be brought to step {Step}: {Reason}")]
    public static partial void JournalUnwritable(ILogger logger, string container, string step, string reason);

    [LoggerMessage(509, LogLevel.Error, "{Path} is no journal of an update ({Reason}) and is set aside as {Aside}: look whether a container with \"dockmon-old\" or \"dockmon-new\" in its name was left")]
    public static partial void JournalUnreadable(ILogger logger, string path, string aside, string reason);

    [LoggerMessage(510, LogLevel.Debug, "The old {Container} keeps its restart policy while its successor is watched: {Reason}")]
    public static partial void PolicyKept(ILogger logger, string container, string reason);

    [LoggerMessage(511, LogLevel.Warning, "{Container} is made again by its image's id: the name {Image} means another image by now")]
    public static partial void ImageMoved(ILogger logger, string container, string image);

    [LoggerMessage(513, LogLevel.Warning, "The journal of the update of {Container} cannot be removed; the next start of the agent looks at it again: {Reason}")]
    public static partial void JournalUnremovable(ILogger logger, string container, string reason);

    [LoggerMessage(515, LogLevel.Warning, "Somebody else has changed {Container} in the middle of its update; nothing is removed, and {Backup} may be left")]
    public static partial void TakenOver(ILogger logger, string container, string backup);

    [LoggerMessage(514, LogLevel.Warning, "Left in the middle of a step, to be ended by the next start of the agent: {Containers}")]
    public static partial void Left(ILogger logger, string containers);

    [LoggerMessage(516, LogLevel.Warning, "The engine still creates {Container} for an earlier request; that is waited for, and removed")]
    public static partial void CreateUnderWay(ILogger logger, string container);

    [LoggerMessage(517, LogLevel.Warning, "What the update of {Container} left cannot be looked at once more: {Reason}")]
    public static partial void NoSecondLook(ILogger logger, string container, string reason);

    [LoggerMessage(518, LogLevel.Warning, "After the end of the update of {Container} a request that had been under way took effect, or an end was undone by a power cut: {Found}; that is put in order")]
    public static partial void FoundLate(ILogger logger, string container, string found);

    [LoggerMessage(519, LogLevel.Error, "Looking once more at what the update of {Container} left failed in a way nobody foresaw; the next start of the agent looks again")]
    public static partial void SecondLookFailed(ILogger logger, Exception exception, string container);

    [LoggerMessage(520, LogLevel.Warning, "Updating {Container}: these containers could not be looked at. One that has its processes or shared memory from it has to be made anew by hand: {Unseen}")]
    public static partial void Unseen(ILogger logger, string container, string unseen);

    [LoggerMessage(521, LogLevel.Warning, "The update of {Container} was interrupted before anything was changed")]
    public static partial void NeverBegun(ILogger logger, string container);

    [LoggerMessage(522, LogLevel.Warning, "The update of {Container} goes on with a new container that is started again: {Restarted}")]
    public static partial void Restarted(ILogger logger, string container, string restarted);

    [LoggerMessage(523, LogLevel.Error, "{Path} cannot be read ({Reason}), so the update it tells of is not ended: look whether a container with \"dockmon-old\" or \"dockmon-new\" in its name was left")]
    public static partial void JournalUnread(ILogger logger, string path, string reason);
}
