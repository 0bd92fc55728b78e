using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace DockMon.Cli.Interop;

/// <summary>A mode of the terminal on the standard input; the mode before comes back at the end.</summary>
internal sealed unsafe partial class TerminalMode : IDisposable
{
    private const int StandardInput = 0;

    private const int Now = 0;

    // ECHO, of c_lflag: the fourth of four 32-bit flags, on Linux on every architecture that .NET runs on.
    private const uint Echo = 8;

    private const int LocalFlags = 3;

    private Termios _before;
    private bool _restored;

    private TerminalMode(Termios before) => _before = before;

    /// <summary>Every key goes to the program as it is. Null when the input is no terminal.</summary>
    public static TerminalMode? Raw() => Change((ref Termios mode) => MakeRaw(ref mode));

    /// <summary>What is typed is not shown. Null when the input is no terminal.</summary>
    public static TerminalMode? WithoutEcho() => Change((ref Termios mode) => mode.Flags[LocalFlags] &= ~Echo);

    /// <summary>Columns and rows; null when the output is no terminal.</summary>
    public static (int Columns, int Rows)? Size() => Console.IsOutputRedirected ? null : (Console.WindowWidth, Console.WindowHeight);

    /// <summary>
    /// The standard input as it is. .NET's own stream of a terminal edits lines and echoes them itself, in a mode of its own: what is typed would be shown,
    /// and neither raw mode nor one without an echo would last.
    /// </summary>
    public static Stream Input() => Console.IsInputRedirected ? Console.OpenStandardInput()
        : new FileStream(new SafeFileHandle(StandardInput, ownsHandle: false), FileAccess.Read, bufferSize: 0);

    public void Dispose()
    {
        if (!_restored)
        {
            _restored = true;
            SetAttributes(StandardInput, Now, ref _before);
        }
    }

    private static TerminalMode? Change(ModeChange change)
    {
        var before = default(Termios);
        if (GetAttributes(StandardInput, ref before) != 0)
        {
            return null;
        }

        var changed = before;
        change(ref changed);
        SetAttributes(StandardInput, Now, ref changed);
        return new TerminalMode(before);
    }

    [LibraryImport("libc", EntryPoint = "tcgetattr")]
    private static partial int GetAttributes(int descriptor, ref Termios mode);

    [LibraryImport("libc", EntryPoint = "tcsetattr")]
    private static partial int SetAttributes(int descriptor, int when, ref Termios mode);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw(ref Termios mode);

    private delegate void ModeChange(ref Termios mode);

    /// <summary><c>struct termios</c>: four flags, and more that nothing here looks into.</summary>
    private struct Termios
    {
        public fixed uint Flags[4];
        public fixed byte Rest[64];
    }
}
