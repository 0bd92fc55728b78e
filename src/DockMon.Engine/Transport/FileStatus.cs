using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DockMon.Engine;

/// <summary>The status of a file, as far as .NET does not tell it.</summary>
/// <param name="User">The owner's number.</param>
/// <param name="Group">The group's number.</param>
/// <param name="Mode">The permissions.</param>
public sealed partial record FileStatus(uint User, uint Group, UnixFileMode Mode)
{
    private const int KindMask = 0xf000;
    private const int Directory = 0x4000;
    private const int Regular = 0x8000;
    private const int WorkingDirectory = -100;
    private const int DoNotFollow = 0x100;
    private const int EmptyPath = 0x1000;
    private const uint BasicStatus = 0x7ff;

    // struct statx is the same on every architecture, which struct stat is not.
    private const int StatusSize = 256;
    private const int UserOffset = 20;
    private const int GroupOffset = 24;
    private const int ModeOffset = 28;
    private const int InodeOffset = 32;
    private const int SizeOffset = 40;
    private const int ModifiedOffset = 112;

    /// <summary>Whether it is a file with bytes in it: no directory, link, device, pipe or socket.</summary>
    public bool IsRegular { get; private init; }

    /// <summary>Whether it is a directory.</summary>
    public bool IsDirectory { get; private init; }

    /// <summary>The number of the file within its file system.</summary>
    public ulong Inode { get; private init; }

    /// <summary>The size in bytes.</summary>
    public long Size { get; private init; }

    /// <summary>The time of the last change, to the second.</summary>
    public DateTimeOffset Modified => DateTimeOffset.FromUnixTimeSeconds(ModifiedSeconds);

    private long ModifiedSeconds { get; init; }

    /// <summary>Reads it; null when the file is not there or hidden from this user.</summary>
    /// <param name="path">The file.</param>
    /// <param name="followLink">Whether a symbolic link stands for what it leads to.</param>
    public static FileStatus? Read(string path, bool followLink = true)
    {
        Span<byte> buffer = stackalloc byte[StatusSize];
        return StatX(WorkingDirectory, path, followLink ? 0 : DoNotFollow, BasicStatus, ref MemoryMarshal.GetReference(buffer)) == 0 ? Parse(buffer) : null;
    }

    /// <summary>Reads that of an open file; null when the file system cannot tell it.</summary>
    /// <param name="file">The file.</param>
    public static FileStatus? Read(SafeFileHandle file)
    {
        Span<byte> buffer = stackalloc byte[StatusSize];
        return StatX(file, "", EmptyPath, BasicStatus, ref MemoryMarshal.GetReference(buffer)) == 0 ? Parse(buffer) : null;
    }

    private static FileStatus Parse(ReadOnlySpan<byte> status)
    {
        var mode = BitConverter.ToUInt16(status[ModeOffset..]);
        return new FileStatus(BitConverter.ToUInt32(status[UserOffset..]), BitConverter.ToUInt32(status[GroupOffset..]), (UnixFileMode)(mode & 0xfff))
        {
            IsRegular = (mode & KindMask) == Regular,
            IsDirectory = (mode & KindMask) == Directory,
            Inode = BitConverter.ToUInt64(status[InodeOffset..]),
            Size = BitConverter.ToInt64(status[SizeOffset..]),
            ModifiedSeconds = BitConverter.ToInt64(status[ModifiedOffset..]),
        };
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int StatX(int directory, string path, int flags, uint mask, ref byte status);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int StatX(SafeFileHandle file, string path, int flags, uint mask, ref byte status);
}
