using System.Runtime.InteropServices;
using DockMon.Bench;

namespace DockMon.PageBench;

/// <summary>What the page costs in a browser: see docs/performance.md.</summary>
internal static class Program
{
    private const string Usage =
        """
        usage: bench/run page [--hosts 500] [--containers 20] [--seconds 20] [--lines 5000] [--log-seconds 60] [--dies 100] (0: without them)
                              [--other FOLDER] another build of the page (node web/build.mjs FOLDER) in turn with the hub's own [--rounds 1]
                              [--traces FOLDER] what the browser does in the rooms, for the Performance panel of its tools
        """;

    private static async Task<int> Main(string[] args)
    {
        using var stopping = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
        {
            context.Cancel = true;
            stopping.Cancel();
        });
        try
        {
            await new PageMeasurement(new Arguments(args)).RunAsync(stopping.Token);
            return 0;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return 130;
        }
        catch (UsageException e)
        {
            await Console.Error.WriteLineAsync($"{e.Message}\n{Usage}");
            return 2;
        }
        catch (Exception e)
        {
            await Console.Error.WriteLineAsync($"The bench failed: {e}");
            return 1;
        }
    }
}
