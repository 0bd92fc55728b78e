using System.Runtime.InteropServices;

namespace DockMon.Hub;

/// <summary>The number of file descriptors a process may have; each socket is one.</summary>
internal static class DescriptorLimit
{
    // RLIMIT_NOFILE of Linux.
    private const int OpenFiles = 7;

    /// <summary>Raises the limit to the most that this process may have. Systems begin with 1,024, for programs that are older than that.</summary>
    /// <returns>The limit that is in force.</returns>
    public static ulong Raise()
    {
        if (GetLimit(OpenFiles, out var limit) != 0)
        {
            return 0;
        }

        if (limit.Current < limit.Most && SetLimit(OpenFiles, limit with { Current = limit.Most }) == 0)
        {
            return limit.Most;
        }

        return limit.Current;
    }

    [DllImport("libc", EntryPoint = "getrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetLimit(int resource, out Limits limits);

    [DllImport("libc", EntryPoint = "setrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetLimit(int resource, in Limits limits);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Limits(ulong Current, ulong Most);
}
