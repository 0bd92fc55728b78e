using System.Runtime.InteropServices;
using DockMon.Bench.Hubs;

namespace DockMon.Bench;

/// <summary>What agent and hub cost, in terms of something else measured in the same run.</summary>
internal static class Program
{
    private const string Usage = """
        usage: bench/run watch    [--containers 50 | 10,50,200] [--seconds 60] [--rounds 2] [--settle 5] [--only kernel,engine,standin,idle] [--agent "CMD"]
               bench/run latency  [--containers 50] [--times 100] [--stops 20] [--outages 5] [--outage-seconds 5] [--source kernel|engine|auto | --agent "CMD"]
               bench/run allocations [--containers 10] [--times 200] [--stops 20] [--seconds 20] [--rounds 3] [--settle 10] [--beside DLL]
               bench/run downtime [--times 10] [--source … | --agent "CMD"]
               bench/run soak     [--hours 1] [--containers 50] [--source … | --agent "CMD"]
               bench/run hub      [--agents 1000] [--containers 10] [--seconds 60] [--settle 30] [--burst 10] [--callers 16] [--sources 64]
                                  [--senders 100] [--database sqlite|postgres] [--beside PROGRAM] [--hubs 1 | --at URL,URL --key KEY]
        What each measures: docs/performance.md. Results go to the output as Markdown, progress to the error output.
        """;

    private static async Task<int> Main(string[] args)
    {
        using var stopping = new CancellationTokenSource();
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stopping.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            await RunAsync(args, stopping.Token);
            return 0;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The stand-in is told to end like this.
            return args is [Contestant.StandIn] ? 0 : 130;
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

    private static async Task RunAsync(string[] args, CancellationToken ct)
    {
        if (args is [Contestant.StandIn])
        {
            await StandIn.RunAsync(Environment.GetEnvironmentVariable, ct);
            return;
        }

        var arguments = new Arguments(args.Length > 0 ? args[1..] : []);
        if (args is ["hub", ..])
        {
            // It needs no engine.
            await new HubBench(arguments).RunAsync(ct);
            return;
        }

        await using var bench = new Workbench();
        await (args.FirstOrDefault() switch
        {
            "watch" => new Watch(bench, arguments).RunAsync(ct),
            "latency" => new Latency(bench, arguments).RunAsync(ct),
            "allocations" => new Allocations(bench, arguments).RunAsync(ct),
            "downtime" => new Downtime(bench, arguments).RunAsync(ct),
            "soak" => new Soak(bench, arguments).RunAsync(ct),
            var other => throw new UsageException(other is null ? "there is no verb" : $"\"{other}\" is no verb"),
        });
    }
}
