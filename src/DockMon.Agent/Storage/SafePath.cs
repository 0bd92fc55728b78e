using System.Runtime.InteropServices;
using DockMon.Agent.Interop;
using DockMon.Engine;
using Microsoft.Win32.SafeHandles;

namespace DockMon.Agent.Storage;

/// <summary>
/// Opens files without ever following a symbolic link: each component of the path is opened from the one before it with O_NOFOLLOW,
/// so that nobody can put a link in between the check and the use.
/// </summary>
internal static class SafePath
{
    private const string NotRegular = "it is not a regular file";
    private const int NotFound = 2;
    private const int NotDirectory = 20;
    private const int TooManyLinks = 40;

    /// <summary>Opens a regular file for reading.</summary>
    /// <exception cref="IOException">It is not there, no regular file, or behind a symbolic link; the message says which.</exception>
    public static FileStream OpenFile(string path)
    {
        using var folder = OpenFolder(Path.GetDirectoryName(path)!);
        return OpenRegular(folder, Path.GetFileName(path));
    }

    /// <summary>Opens a regular file for reading and shows everything on the way to it: the root, each directory, and the file itself.</summary>
    /// <exception cref="IOException">As above; a <see cref="FileNotFoundException"/> when it is not there.</exception>
    public static FileStream OpenFile(string path, Action<string, FileStatus> look)
    {
        var (folder, passed) = (Open("/"), "/");
        Look(folder);
        foreach (var part in Path.GetDirectoryName(path)!.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            using var above = folder;
            // Not for reading: a directory may be one that this user can only pass through.
            folder = OpenAt(above, part, OpenFlags.DirectoryOnly | OpenFlags.PathOnly);
            passed = Path.Combine(passed, part);
            Look(folder);
        }

        using var last = folder;
        var file = OpenRegular(last, Path.GetFileName(path));
        passed = path;
        Look(file.SafeFileHandle);
        return file;

        void Look(SafeFileHandle handle) => look(passed, FileStatus.Read(handle) ?? throw new IOException($"the file system of {passed} tells nothing of it"));
    }

    /// <summary>Opens a regular file of a directory that is trusted, whose files are not.</summary>
    /// <exception cref="IOException">As above.</exception>
    public static FileStream OpenFileIn(string trusted, string name)
    {
        using var folder = Open(trusted);
        return OpenRegular(folder, name);
    }

    /// <summary>Opens a regular file somewhere below a directory that is trusted, in which nothing is.</summary>
    /// <exception cref="IOException">As above; a <see cref="FileNotFoundException"/> when it is not there.</exception>
    public static FileStream OpenFileBelow(string trusted, string path)
    {
        using var folder = OpenFolder(Open(trusted), Path.GetDirectoryName(path)!);
        return OpenRegular(folder, Path.GetFileName(path));
    }

    /// <summary>Opens a regular file to look at it, though it may not be read.</summary>
    /// <exception cref="IOException">As above.</exception>
    public static SafeFileHandle OpenUnread(string path)
    {
        using var folder = OpenFolder(Path.GetDirectoryName(path)!);
        var file = OpenAt(folder, Path.GetFileName(path), OpenFlags.PathOnly);
        if (FileStatus.Read(file) is { IsRegular: true })
        {
            return file;
        }

        file.Dispose();
        throw new IOException(NotRegular);
    }

    /// <summary>How large an open file is, and when it was changed.</summary>
    public static (long Size, DateTimeOffset Modified) Look(SafeFileHandle file) =>
        FileStatus.Read(file) is { } status ? (status.Size, status.Modified) : throw new IOException("its file system does not tell its size");

    private static FileStream OpenRegular(SafeFileHandle folder, string name)
    {
        // Non-blocking: a named pipe would wait for a writer, and is refused below.
        var file = OpenAt(folder, name, OpenFlags.NonBlocking);
        if (FileStatus.Read(file) is { IsRegular: true })
        {
            return new FileStream(file, FileAccess.Read);
        }

        file.Dispose();
        throw new IOException(NotRegular);
    }

    private static SafeFileHandle OpenFolder(string path) => OpenFolder(Open("/"), path);

    private static SafeFileHandle OpenFolder(SafeFileHandle current, string path)
    {
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            using var above = current;
            current = OpenAt(above, part, OpenFlags.DirectoryOnly);
        }

        return current;
    }

    private static SafeFileHandle OpenAt(SafeFileHandle folder, string name, int flags) =>
        Checked(LibC.OpenAt(folder, name, flags | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0));

    private static SafeFileHandle Checked(SafeFileHandle handle)
    {
        if (!handle.IsInvalid)
        {
            return handle;
        }

        var error = Marshal.GetLastPInvokeError();
        handle.Dispose();
        throw error switch
        {
            TooManyLinks or NotDirectory => new IOException("its path has a symbolic link in it, or something that is no directory"),
            NotFound => new FileNotFoundException(Marshal.GetPInvokeErrorMessage(error)),
            _ => new IOException(Marshal.GetPInvokeErrorMessage(error), error),
        };
    }

    private static SafeFileHandle Open(string path) => Checked(LibC.OpenAt(LibC.CurrentDirectory, path, OpenFlags.DirectoryOnly | OpenFlags.CloseOnExec, 0));
}
