using DockMon.Agent.Interop;

namespace DockMon.Agent.Storage;

/// <summary>Files that are either as they were or as they should be, whenever the power goes.</summary>
internal static class AtomicFile
{
    /// <summary>
    /// Puts <paramref name="bytes"/> at <paramref name="path"/>: into a file beside it, flushed to the disk, renamed over it, and the
    /// rename flushed as well. One writer at a time for each path; the directory must exist.
    /// </summary>
    public static void Write(string path, ReadOnlySpan<byte> bytes, UnixFileMode mode)
    {
        path = Path.GetFullPath(path);
        var temporary = path + ".tmp";

        // What a crash left here may have other permissions, and may be a link.
        File.Delete(temporary);
        try
        {
            WriteThrough(temporary, bytes, mode);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        Native.FlushDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Deletes a file if it is there, and flushes the deletion.</summary>
    public static void Delete(string path)
    {
        path = Path.GetFullPath(path);
        var directory = Path.GetDirectoryName(path)!;
        if (File.Exists(path))
        {
            File.Delete(path);
            Native.FlushDirectory(directory);
        }
    }

    private static void WriteThrough(string path, ReadOnlySpan<byte> bytes, UnixFileMode mode)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = 0,
            UnixCreateMode = mode
        };
        using var file = new FileStream(path, options);
        file.Write(bytes);
        file.Flush(flushToDisk: true);
    }
}
