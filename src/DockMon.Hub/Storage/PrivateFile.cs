namespace DockMon.Hub.Storage;

/// <summary>Files with mode 0600, whatever the umask and the directory are.</summary>
internal static class PrivateFile
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Creates an empty file if there is none.</summary>
    public static void Ensure(string path)
    {
        if (File.Exists(path))
        {
            // Not opened: closing a file of SQLite releases every lock of this process on it.
            TightenIfThere(path);
            return;
        }

        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite, UnixCreateMode = Mode };
        new FileStream(path, options).Dispose();
    }

    /// <summary>Restricts the mode of a file that an older hub created.</summary>
    public static void TightenIfThere(string path)
    {
        if (File.Exists(path) && (File.GetUnixFileMode(path) & ~Mode) != 0)
        {
            File.SetUnixFileMode(path, Mode);
        }
    }

    /// <summary>Writes a file atomically and flushes it to the disk.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var temporary = path + ".new";
        File.Delete(temporary);
        using (var file = new FileStream(temporary, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Mode }))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
