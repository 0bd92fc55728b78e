using System.Runtime.InteropServices;
using System.Text;

namespace DockMon.Engine;

/// <summary>Whose a file is and who may use it, as .NET does not tell.</summary>
/// <param name="User">The owner's number.</param>
/// <param name="Group">The group's number.</param>
/// <param name="Mode">Who may do what.</param>
public sealed record FileStatus(uint User, uint Group, UnixFileMode Mode)
{
    private const int WorkingDirectory = -100;
    private const int DoNotFollow = 0x100;
    private const uint BasicStatus = 0x7ff;

    /// <summary>Reads it; null when the file is not there or hidden from this user.</summary>
    /// <param name="path">The file.</param>
    /// <param name="followLink">Whether a symbolic link stands for what it leads to.</param>
    public static FileStatus? Read(string path, bool followLink = true)
    {
        // struct statx is the same on every architecture, which struct stat is not: stx_uid, stx_gid and stx_mode.
        var buffer = new byte[256];
        return statx(WorkingDirectory, Encoding.UTF8.GetBytes(path + '\0'), followLink ? 0 : DoNotFollow, BasicStatus, buffer) == 0
            ? new FileStatus(BitConverter.ToUInt32(buffer, 20), BitConverter.ToUInt32(buffer, 24), (UnixFileMode)(BitConverter.ToUInt16(buffer, 28) & 0xfff))
            : null;
    }

#pragma warning disable IDE1006, SYSLIB1054 // Named as the C library names it; blittable, so nothing is left to generate.
    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int statx(int directory, byte[] path, int flags, uint mask, byte[] status);
#pragma warning restore IDE1006, SYSLIB1054
}
