using System.Runtime.InteropServices;
using DockMon.Agent.Configuration;
using DockMon.Agent.Hosting;
using DockMon.Agent.Logging;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        switch (args)
        {
            case [] or ["run"]:
                return await RunAsync();
            case ["version"]:
                await Console.Out.WriteLineAsync(AgentVersion.Current);
                return 0;
            case ["version", "--json"]:
                await Console.Out.WriteLineAsync($$"""{"product":"dockmon-agent","version":"{{AgentVersion.Current}}"}""");
                return 0;
            default:
                await Console.Error.WriteLineAsync("usage: dockmon-agent [run | version [--json]]\nConfiguration comes from environment variables: see docs/configuration.md.");
                return 2;
        }
    }

    private static async Task<int> RunAsync()
    {
        AgentOptions options;
        try
        {
            options = AgentOptions.Load(Environment.GetEnvironmentVariable);
        }
        catch (ConfigurationException e)
        {
            // Nothing is known yet of how to log: the default is what a container's log reader expects.
            using var plain = new JsonLoggerFactory(Console.Error, LogLevel.Information, json: true, TimeProvider.System);
            Log.CannotStart(plain.CreateLogger("agent"), e.Message);
            return 1;
        }

        using var loggers = new JsonLoggerFactory(Console.Out, options.LogLevel, options.LogJson, TimeProvider.System);
        var logger = loggers.CreateLogger("agent");
        using var stopping = new CancellationTokenSource();
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stopping.Cancel();
        }

        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        try
        {
            await new AgentHost(options, loggers, TimeProvider.System).RunAsync(stopping.Token);
            return 0;
        }
        catch (Exception e) when (e is ConfigurationException or EngineConfigurationException)
        {
            Log.CannotStart(logger, e.Message);
            return 1;
        }
        catch (Exception e)
        {
            Log.Failed(logger, e);
            return 70; // EX_SOFTWARE of sysexits.h: the supervisor starts it again.
        }
    }
}
