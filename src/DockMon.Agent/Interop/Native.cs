using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace DockMon.Agent.Interop;

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
    private const int WriteAndSearch = 3;
    private const int KillSignal = 9;
    private const int NoHang = 1;
    private const int DontNeed = 4;
    private const int CloseOnExec = 0x80000;
    private const short Readable = 1;
    private const int PidfdSendSignal = 424;
    private const int PidfdOpen = 434;

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

    /// <summary>Becomes another program: same process, same open standard streams. Returns only by an exception.</summary>
    public static void Execute(string path, IReadOnlyList<string> arguments, IEnumerable<string> variables)
    {
        _ = execve(path, [.. arguments, null], [.. variables, null]);
        throw Failure("execve", path);
    }

    /// <summary>The kernel's handle of a process; null where there is none to be had. Of a process that is not there it is null, too.</summary>
    public static int? OpenProcess(int process)
    {
        // The C library has a name for it only in newer versions. The handle is closed in whatever program this one becomes.
        var descriptor = (int)syscall(PidfdOpen, process, 0, 0, 0);
        return descriptor >= 0 ? descriptor : null;
    }

    /// <summary>Whether the process of a handle has ended: then, and only then, there is something to be read from it.</summary>
    public static bool HasEnded(int handle)
    {
        var wait = new PollEntry { Descriptor = handle, Events = Readable };
        return poll(ref wait, 1, 0) == 1 && (wait.Occurred & Readable) != 0;
    }

    /// <summary>Ends the process of a handle at once. One that has ended is no error.</summary>
    public static void KillByHandle(int handle) => _ = syscall(PidfdSendSignal, handle, KillSignal, 0, 0);

    /// <summary>Gives a handle back.</summary>
    public static void CloseHandle(int handle) => _ = close(handle);

    /// <summary>Ends a process at once. One that is not there is no error.</summary>
    public static void Kill(int process) => _ = kill(process, KillSignal);

    /// <summary>Waits for a child that somebody else started.</summary>
    /// <returns>Whether it has ended (or is no child).</returns>
    public static bool TryReap(int process) => waitpid(process, 0, NoHang) != 0;

    /// <summary>The groups the process is in besides its own, in the order the kernel has them.</summary>
    public static uint[] Groups()
    {
        var groups = new uint[Math.Max(0, getgroups(0, null))];
        return getgroups(groups.Length, groups) == groups.Length ? groups : [];
    }

    /// <summary>Drops pages of this process; what a file has is read from it again when it is needed, what only this process has is lost.</summary>
    public static void Forget(nuint start, nuint length) => _ = madvise(start, length, DontNeed);

    /// <summary>Gives a file, or a link itself, to a user and the group of the same number.</summary>
    public static bool TryGive(string path, uint user) => lchown(Encoding.UTF8.GetBytes(path + '\0'), user, user) == 0;

    /// <summary>Whether this user may make something in a directory.</summary>
    public static bool MayWriteIn(string directory) => access(Encoding.UTF8.GetBytes(directory + '\0'), WriteAndSearch) == 0;

    /// <summary>Whether the process may give files away (CAP_CHOWN).</summary>
    public static bool MayGive()
    {
        const string field = "CapEff:";
        var line = File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal));
        return line is not null && (ulong.Parse(line.AsSpan(field.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 1) != 0;
    }

    /// <summary>Makes the whole process, with every thread it has, a plain user's for good. The group has the user's number.</summary>
    public static void Become(uint user, uint[] groups)
    {
        // Not the system calls, which would change one thread only: the C library does it on all of them.
        if (setgroups((nuint)groups.Length, groups) < 0 || setgid(user) < 0 || setuid(user) < 0)
        {
            throw new UnauthorizedAccessException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
        }
    }

    private static IOException Failure(string call, string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{call} of {path}: {Marshal.GetPInvokeErrorMessage(error)}", error);
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

    [DllImport("libc", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int execve(string path, string?[] arguments, string?[] variables);

    [DllImport("libc")]
    private static extern int kill(int process, int signal);

    [DllImport("libc")]
    private static extern int waitpid(int process, nint status, int options);

    [DllImport("libc", SetLastError = true)]
    private static extern nint syscall(nint number, nint first, nint second, nint third, nint fourth);

    [DllImport("libc", SetLastError = true)]
    private static extern int poll(ref PollEntry entries, nuint count, int timeout);

    [DllImport("libc")]
    private static extern int madvise(nuint start, nuint length, int advice);

    [DllImport("libc")]
    private static extern int getgroups(int count, uint[]? groups);

    [DllImport("libc")]
    private static extern int lchown(byte[] path, uint user, uint group);

    [DllImport("libc")]
    private static extern int access(byte[] path, int mode);

    [DllImport("libc", SetLastError = true)]
    private static extern int setgroups(nuint count, uint[] groups);

    [DllImport("libc", SetLastError = true)]
    private static extern int setgid(uint group);

    [DllImport("libc", SetLastError = true)]
    private static extern int setuid(uint user);
#pragma warning restore IDE1006, SYSLIB1054
    /// <summary>The <c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Occurred;
    }
}
