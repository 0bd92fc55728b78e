using System.Runtime.InteropServices;
using System.Text;

namespace DockMon.Agent.Hosting;

/// <summary>The few calls of the C library that .NET has no name for. Their constants are the same on amd64 and arm64.</summary>
internal static class Native
{
    public const int NoPermission = 13;
    public const int InvalidArgument = 22;
    public const int NoSpace = 28;
    public const int ReadOnlyFileSystem = 30;
    public const int NotSupported = 95;
    public const int QuotaExceeded = 122;

    private const int ReadOnly = 0;
    private const int CloseOnExec = 0x80000;

    /// <summary>The user the process acts as.</summary>
    public static uint UserId => geteuid();

    /// <summary>Makes the entries of a directory (a rename, a deletion) survive a power cut.</summary>
    public static void FlushDirectory(string path)
    {
        // .NET opens no directories.
        var descriptor = open(Encoding.UTF8.GetBytes(path + '\0'), ReadOnly | CloseOnExec);
        if (descriptor < 0)
        {
            throw Failure("open", path);
        }

        try
        {
            // Some network and user-space file systems have nothing to flush and say so.
            if (fsync(descriptor) < 0 && Marshal.GetLastPInvokeError() is not (InvalidArgument or NotSupported))
            {
                throw Failure("fsync", path);
            }
        }
        finally
        {
            _ = close(descriptor);
        }
    }

    private static IOException Failure(string call, string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{call} of the directory {path}: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

#pragma warning disable IDE1006, SYSLIB1054 // Named as the C library names them; blittable, so nothing is left to generate.
    [DllImport("libc", SetLastError = true)]
    private static extern int open(byte[] path, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int fsync(int descriptor);

    [DllImport("libc", SetLastError = true)]
    private static extern int close(int descriptor);

    [DllImport("libc")]
    private static extern uint geteuid();
#pragma warning restore IDE1006, SYSLIB1054
}
