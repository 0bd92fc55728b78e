using System.Runtime.InteropServices;

namespace DockMon.Agent.Interop;

/// <summary>Flags of <c>open</c>.</summary>
internal static class OpenFlags
{
    public const int ReadOnly = 0;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Append = 0x400;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;
    public const int PathOnly = 0x200000;

    // The two flags whose values differ between the machines there are agents for.
    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;

    public static int DirectoryOnly { get; } = Arm ? 0x4000 : 0x10000;

    public static int NoFollow { get; } = Arm ? 0x8000 : 0x20000;
}
