using DockMon.Agent.Storage;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Delivery;

/// <summary>Completions on disk, for <see cref="Outbound"/>: a disk that refuses costs a line in the log, and never a connection.</summary>
internal sealed partial class CompletionFiles(Outbox outbox, ILogger logger)
{
    /// <summary>Writes one down.</summary>
    /// <returns>Its file; null when the disk refused.</returns>
    public string? Keep(byte[] frame)
    {
        try
        {
            return outbox.Write(frame);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.CompletionNotKept(logger, StorageAdvice.Describe(e, outbox.Folder));
            return null;
        }
    }

    /// <summary>What an earlier run of the agent could not deliver, the oldest first.</summary>
    public IEnumerable<(string File, byte[] Frame)> Read()
    {
        foreach (var stray in outbox.Strays)
        {
            Log.StrayFile(logger, stray);
        }

        foreach (var file in outbox.Files)
        {
            if (TryRead(file) is { } frame)
            {
                yield return (file, frame);
            }
        }
    }

    /// <summary>Removes the file of one that needs none any more.</summary>
    public void Remove(string? file)
    {
        try
        {
            if (file is not null)
            {
                File.Delete(file);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.CompletionNotRemoved(logger, file!, StorageAdvice.Describe(e, outbox.Folder));
        }
    }

    private byte[]? TryRead(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.CompletionNotRead(logger, file, StorageAdvice.Describe(e, outbox.Folder));
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            117,
            LogLevel.Error,
            "How something ended could not be written to disk, and is lost if the agent ends before the server has it: {Reason}")]
        public static partial void CompletionNotKept(ILogger logger, string reason);

        [LoggerMessage(118, LogLevel.Warning, "{File} was delivered and cannot be removed, and is sent once more after the next start: {Reason}")]
        public static partial void CompletionNotRemoved(ILogger logger, string file, string reason);

        [LoggerMessage(119, LogLevel.Warning, "{File} is none of the agent's files and is left alone")]
        public static partial void StrayFile(ILogger logger, string file);

        [LoggerMessage(125, LogLevel.Error, "{File} cannot be read, and what it holds is not sent before the next start: {Reason}")]
        public static partial void CompletionNotRead(ILogger logger, string file, string reason);
    }
}
