using System.Runtime.InteropServices;
using System.Text;

namespace DockMon.Engine;

/// <summary>Whose a file is and who may use it, as .NET does not tell.</summary>
/// <param name="User">The owner's number.</param>
/// <param name="Group">The group's number.</param>
/// <param name="Mode">Who may do what.</param>
public sealed record FileStatus(uint User, uint Group, UnixFileMode Mode)
{
    private const int KindMask = 0xf000;
    private const int Directory = 0x4000;
    private const int Regular = 0x8000;
    private const int WorkingDirectory = -100;
    private const int DoNotFollow = 0x100;
    private const uint BasicStatus = 0x7ff;

    /// <summary>Whether it is a file with bytes in it: no directory, link, device, pipe or socket.</summary>
    public bool IsRegular { get; private init; }

    /// <summary>Whether it is a directory.</summary>
    public bool IsDirectory { get; private init; }

    /// <summary>Reads it; null when the file is not there or hidden from this user.</summary>
    /// <param name="path">The file.</param>
    /// <param name="followLink">Whether a symbolic link stands for what it leads to.</param>
    public static FileStatus? Read(string path, bool followLink = true)
    {
        // struct statx is the same on every architecture, which struct stat is not: stx_uid, stx_gid and stx_mode.
        var buffer = new byte[256];
        if (statx(WorkingDirectory, Encoding.UTF8.GetBytes(path + '\0'), followLink ? 0 : DoNotFollow, BasicStatus, buffer) != 0)
        {
            return null;
        }

        var mode = BitConverter.ToUInt16(buffer, 28);
        return new FileStatus(BitConverter.ToUInt32(buffer, 20), BitConverter.ToUInt32(buffer, 24), (UnixFileMode)(mode & 0xfff))
        {
            IsRegular = (mode & KindMask) == Regular, IsDirectory = (mode & KindMask) == Directory,
        };
    }

#pragma warning disable IDE1006, SYSLIB1054 // Named as the C library names it; blittable, so nothing is left to generate.
    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int statx(int directory, byte[] path, int flags, uint mask, byte[] status);
#pragma warning restore IDE1006, SYSLIB1054
}
