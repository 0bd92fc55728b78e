using DockMon.Agent.Hosting;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Connection;

/// <summary>Completions on disk, for <see cref="Outbound"/>: a disk that refuses costs a line in the log, and never a connection.</summary>
internal sealed class CompletionFiles(Outbox outbox, ILogger logger)
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
}
