using System.Globalization;
using System.Runtime.InteropServices;
using DockMon.Bench;

/// <summary>
/// What .NET runs in an agent before its <c>Main</c> when <c>DOTNET_STARTUP_HOOKS</c> names this program, which needs this name and no namespace:
/// at each SIGUSR1 it writes to a file how many bytes the agent has allocated since its start.
/// </summary>
internal static class StartupHook
{
    // PosixSignal names only those that every platform has; others go by their number.
    private const PosixSignal User1 = (PosixSignal)10;

    /// <summary>Here, because one that nobody refers to ends.</summary>
    public static PosixSignalRegistration? Registration { get; private set; }

    public static void Initialize()
    {
        var file = Environment.GetEnvironmentVariable(Allocations.FileVariable)!;
        var unfinished = file + ".new";
        Registration = PosixSignalRegistration.Create(User1, context =>
        {
            context.Cancel = true;
            File.WriteAllText(unfinished, GC.GetTotalAllocatedBytes(precise: true).ToString(CultureInfo.InvariantCulture));
            File.Move(unfinished, file, overwrite: true);
        });
    }
}
