using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DockMon.Agent.Interop;

/// <summary>System calls for which .NET has no API.</summary>
internal static unsafe class Native
{
    public const int NoPermission = 13;
    public const int WouldBlock = 11;
    public const int NoSpace = 28;
    public const int ReadOnlyFileSystem = 30;
    public const int QuotaExceeded = 122;

    private const uint SameId = uint.MaxValue;
    private const int EmptyPath = 0x1000;
    private const int InvalidArgument = 22;
    private const int NotSupported = 95;
    private const int Write = 2;
    private const int WriteAndSearch = 3;
    private const int KillSignal = 9;
    private const int TerminateSignal = 15;
    private const int NoHang = 1;
    private const int DontNeed = 4;
    private const short Readable = 1;
    private const int PidfdSendSignal = 424;
    private const int PidfdOpen = 434;

    /// <summary>The effective user id of the process.</summary>
    public static uint UserId => LibC.GetEffectiveUser();

    /// <summary>Makes the entries of a directory (a rename, a deletion) survive a power cut.</summary>
    /// <exception cref="IOException">The directory cannot be opened or flushed; <see cref="Exception.HResult"/> is the error number.</exception>
    public static void FlushDirectory(string path)
    {
        // .NET opens no directories.
        using var directory = LibC.OpenAt(LibC.CurrentDirectory, path, OpenFlags.ReadOnly | OpenFlags.CloseOnExec, 0);
        if (directory.IsInvalid)
        {
            throw Failure("open", path);
        }

        // Some network and user-space file systems have nothing to flush and say so.
        if (LibC.FSync(directory) < 0 && Marshal.GetLastPInvokeError() is not (InvalidArgument or NotSupported))
        {
            throw Failure("fsync", path);
        }
    }

    /// <summary>Replaces the program of this process: its id and its standard streams stay. Returns only by an exception.</summary>
    public static void Execute(string path, IReadOnlyList<string> arguments, IEnumerable<string> variables)
    {
        _ = LibC.Execute(path, [.. arguments, null], [.. variables, null]);
        throw Failure("execve", path);
    }

    /// <summary>A handle of a process (pidfd); null if the kernel gives none, or if there is no such process.</summary>
    public static int? OpenProcess(int process)
    {
        // The C library has a name for it only in newer versions. The handle is closed in whatever program this one becomes.
        var descriptor = (int)LibC.SystemCall(PidfdOpen, process, 0, 0, 0);
        return descriptor >= 0 ? descriptor : null;
    }

    /// <summary>Whether the process of a handle has ended: only then is its handle readable.</summary>
    public static bool HasEnded(int handle)
    {
        var wait = new LibC.PollEntry { Descriptor = handle, Events = Readable };
        return LibC.Poll(&wait, 1, 0) == 1 && (wait.Occurred & Readable) != 0;
    }

    /// <summary>Kills the process of a handle. One that has ended is no error.</summary>
    public static void KillByHandle(int handle) => _ = LibC.SystemCall(PidfdSendSignal, handle, KillSignal, 0, 0);

    /// <summary>Closes the handle of a process.</summary>
    public static void CloseHandle(int handle) => _ = LibC.Close(handle);

    /// <summary>Kills a process. One that is not there is no error.</summary>
    public static void Kill(int process) => _ = LibC.Kill(process, KillSignal);

    /// <summary>Asks a process to end; a negative number is that of a process group. One that is not there is no error.</summary>
    public static void Terminate(int process) => _ = LibC.Kill(process, TerminateSignal);

    /// <summary>Reaps a child process that an earlier program of this process started.</summary>
    /// <returns>Whether it has ended (or is no child).</returns>
    public static bool TryReap(int process) => LibC.WaitProcess(process, null, NoHang) != 0;

    /// <summary>The supplementary groups of the process, in the kernel's order.</summary>
    public static uint[] Groups()
    {
        var groups = new uint[Math.Max(0, LibC.GetGroups(0, null))];
        fixed (uint* first = groups)
        {
            return LibC.GetGroups(groups.Length, first) == groups.Length ? groups : [];
        }
    }

    /// <summary>Drops pages of this process: those of a file are read from it again when they are needed, those of the process alone are lost.</summary>
    public static void Forget(nuint start, nuint length) => _ = LibC.AdviseMemory(start, length, DontNeed);

    /// <summary>Gives a file, or a link itself, to a user and the group of the same number.</summary>
    public static bool TryGive(string path, uint user) => LibC.ChangeOwner(path, user, user) == 0;

    /// <summary>Gives an open file, or a link itself, to a user and a group; null for the one it has.</summary>
    public static bool TryGive(SafeFileHandle file, uint? user, uint group) => LibC.ChangeOwnerAt(file, "", user ?? SameId, group, EmptyPath) == 0;

    /// <summary>What the last call that failed says of it.</summary>
    public static string LastError() => Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());

    /// <summary>Does something with the rights to files that a user has, on this thread alone. For root, who has its own rights again afterwards.</summary>
    public static T WithFileRightsOf<T>(uint user, Func<T> act)
    {
        var before = LibC.SetFileSystemUser(user);
        try
        {
            return act();
        }
        finally
        {
            _ = LibC.SetFileSystemUser((uint)before);
        }
    }

    /// <summary>Whether the user of the process may create files in a directory.</summary>
    public static bool MayWriteIn(string directory) => LibC.Access(directory, WriteAndSearch) == 0;

    /// <summary>Whether the user of the process may write to a file.</summary>
    public static bool MayWrite(string file) => LibC.Access(file, Write) == 0;

    /// <summary>Makes the whole process, with all its threads, that of a plain user for good. The group has the user's number.</summary>
    /// <exception cref="UnauthorizedAccessException">The process may not change its user or its groups.</exception>
    public static void Become(uint user, uint[] groups)
    {
        fixed (uint* first = groups)
        {
            // Not the system calls, which would change one thread only: the C library does it on all of them.
            if (LibC.SetGroups((nuint)groups.Length, first) < 0 || LibC.SetGroup(user) < 0 || LibC.SetUser(user) < 0)
            {
                throw new UnauthorizedAccessException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
            }
        }
    }

    private static IOException Failure(string call, string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{call} of {path}: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }
}
