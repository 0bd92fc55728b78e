using System.Runtime.InteropServices;
using DockMon.Cli.Output;

namespace DockMon.Cli;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        using var ended = new CancellationTokenSource();
        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            ended.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        return await CommandLine.RunAsync(args, CliConsole.System(), ended.Token);
    }
}
