using DockMon.Agent.Configuration;
using DockMon.Agent.Interop;

namespace DockMon.Agent.Storage;

/// <summary>What a failed access to a directory means to the person who set it up.</summary>
internal static class StorageAdvice
{
    /// <summary>The reason and the remedy in one line.</summary>
    public static string Describe(Exception e, string directory) => Explain(e, directory) switch
    {
        (var reason, null) => reason,
        var (reason, remedy) => $"{reason}; {remedy}",
    };

    /// <summary>The reason, and the remedy where there is one.</summary>
    public static (string Reason, string? Remedy) Explain(Exception e, string directory) => e switch
    {
        UnauthorizedAccessException when Native.UserId == 0 =>
            ("root has no permission, because it lacks the capability "
                + "DAC_OVERRIDE", $"add it (--cap-add DAC_OVERRIDE), or make root the owner (chown -R 0 {directory})"),
        UnauthorizedAccessException =>
            ($"user id {Native.UserId} has no permission", $"make it the owner (chown -R {Native.UserId} {directory}) or run the agent as another user"),
        { HResult: Native.ReadOnlyFileSystem } => ("the file system is read-only", "mount a writable volume there"),
        { HResult: Native.NoSpace } => ("the disk is full", "free some space"),
        { HResult: Native.QuotaExceeded } => ($"the disk quota of user id {Native.UserId} is used up", "free some space"),
        FileNotFoundException or DirectoryNotFoundException => ("nothing can be made there", "name a directory on a disk"),
        _ when File.Exists(directory) => ("it is a file", "name a directory"),
        _ => (EnvironmentReader.Short(e.Message), null),
    };
}
