using System.Runtime.InteropServices;

namespace DockMon.Demo;

/// <summary>A hub with its page, an agent, and something to see in each room: to look at, or as a tour that checks itself.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        if (args is not ([] or ["--check"]))
        {
            await Console.Error.WriteLineAsync("usage: ./demo [--check]");
            return 2;
        }

        using var stopping = new CancellationTokenSource();
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stopping.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        await using var stage = new Stage();
        try
        {
            await stage.SetAsync(stopping.Token);
            if (args is ["--check"])
            {
                return await new Tour(stage, Console.Out).RunAsync(stopping.Token) ? 0 : 1;
            }

            await new Welcome(stage, Console.Out).RunAsync(stopping.Token);
            return 0;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return args is ["--check"] ? 130 : 0;
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException or HttpRequestException or IOException)
        {
            await Console.Error.WriteLineAsync($"The demo failed: {e.Message}{Environment.NewLine}{stage.Tail()}");
            return 1;
        }
    }
}
