using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DockMon.Agent.Compose.Discovery;

/// <summary>
/// Opens files without ever following a symbolic link: each component of the path is opened from the one before it with O_NOFOLLOW,
/// so that nobody can put a link in between the check and the use.
/// </summary>
internal static partial class SafePath
{
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int CurrentFolder = -100;
    private const int EmptyPath = 0x1000;
    private const int TypeAndMode = 3;
    private const int SizeAndTime = 0x240;
    private const int ModeOffset = 28;
    private const int SizeOffset = 40;
    private const int TimeOffset = 112;
    private const int PathOnly = 0x200000;
    private const string NotRegular = "it is not a regular file";
    private const int TypeMask = 0xF000;
    private const int RegularFile = 0x8000;
    private const int NotDirectory = 20;
    private const int TooManyLinks = 40;

    // The two flags whose values differ between the machines there are agents for.
    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;
    private static readonly int DirectoryOnly = Arm ? 0x4000 : 0x10000;
    private static readonly int NoFollow = Arm ? 0x8000 : 0x20000;

    /// <summary>Opens a regular file for reading.</summary>
    /// <exception cref="IOException">It is not there, no regular file, or behind a symbolic link; the message says which.</exception>
    public static FileStream OpenFile(string path)
    {
        using var folder = OpenFolder(Path.GetDirectoryName(path)!);
        return OpenRegular(folder, Path.GetFileName(path));
    }

    /// <summary>Opens a regular file of a directory that is trusted, whose files are not.</summary>
    /// <exception cref="IOException">As above.</exception>
    public static FileStream OpenFileIn(string trusted, string name)
    {
        using var folder = Checked(Open(trusted, DirectoryOnly | CloseOnExec));
        return OpenRegular(folder, name);
    }

    /// <summary>Opens a regular file to look at it, though it may not be read.</summary>
    /// <exception cref="IOException">As above.</exception>
    public static SafeFileHandle OpenUnread(string path)
    {
        using var folder = OpenFolder(Path.GetDirectoryName(path)!);
        var file = OpenAt(folder, Path.GetFileName(path), PathOnly);
        if (IsRegular(file))
        {
            return file;
        }

        file.Dispose();
        throw new IOException(NotRegular);
    }

    /// <summary>How large an open file is, and when it was changed.</summary>
    public static unsafe (long Size, DateTimeOffset Modified) Look(SafeFileHandle file)
    {
        var buffer = stackalloc byte[256];
        return StatX(file, "", EmptyPath, SizeAndTime, buffer) == 0
            ? (*(long*)(buffer + SizeOffset), DateTimeOffset.FromUnixTimeSeconds(*(long*)(buffer + TimeOffset)))
            : throw new IOException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
    }

    private static FileStream OpenRegular(SafeFileHandle folder, string name)
    {
        // Non-blocking: a named pipe would wait for a writer, and is refused below.
        var file = OpenAt(folder, name, NonBlocking);
        if (IsRegular(file))
        {
            return new FileStream(file, FileAccess.Read);
        }

        file.Dispose();
        throw new IOException(NotRegular);
    }

    private static SafeFileHandle OpenFolder(string path)
    {
        var current = Checked(Open("/", DirectoryOnly | CloseOnExec));
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            using var above = current;
            current = OpenAt(above, part, DirectoryOnly);
        }

        return current;
    }

    private static SafeFileHandle OpenAt(SafeFileHandle folder, string name, int flags) =>
        Checked(OpenAt(folder, name, flags | NoFollow | CloseOnExec, 0));

    private static SafeFileHandle Checked(SafeFileHandle handle)
    {
        if (!handle.IsInvalid)
        {
            return handle;
        }

        var error = Marshal.GetLastPInvokeError();
        handle.Dispose();
        throw error is TooManyLinks or NotDirectory
            ? new IOException("its path has a symbolic link in it, or something that is no directory")
            : new IOException(Marshal.GetPInvokeErrorMessage(error));
    }

    private static unsafe bool IsRegular(SafeFileHandle file)
    {
        // statx has one layout on every machine, which fstat has not.
        var buffer = stackalloc byte[256];
        return StatX(file, "", EmptyPath, TypeAndMode, buffer) == 0 && (*(ushort*)(buffer + ModeOffset) & TypeMask) == RegularFile;
    }

    private static SafeFileHandle Open(string path, int flags) => OpenAt(CurrentFolder, path, flags, 0);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial SafeFileHandle OpenAt(int folder, string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial SafeFileHandle OpenAt(SafeFileHandle folder, string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial int StatX(SafeFileHandle folder, string path, int flags, uint mask, byte* buffer);
}
