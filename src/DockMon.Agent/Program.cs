using System.Globalization;
using System.Runtime.InteropServices;
using DockMon.Agent.Audit;
using DockMon.Agent.Commands;
using DockMon.Agent.Configuration;
using DockMon.Agent.Doctor;
using DockMon.Agent.Health;
using DockMon.Agent.Hosting;
using DockMon.Agent.Logging;
using DockMon.Agent.Policies;
using DockMon.Agent.SelfUpdate;
using DockMon.Agent.SelfUpdate.Programs;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent;

internal static partial class Program
{
    private const string Usage =
        "usage: dockmon-agent [run | doctor [--json] | health | " + PolicyVerb.Usage + " | " + AuditVerb.Usage + " | version [--json]]\n"
        + "Configuration comes from environment variables: see docs/configuration.md.";

    private static async Task<int> Main(string[] args)
    {
        try
        {
            return await RunVerbAsync(args);
        }
        catch (IOException e)
        {
            // The output cannot be written, such as on a full disk.
            await Console.Error.WriteLineAsync($"dockmon-agent: the answer cannot be written: {e.Message}");
            return 74; // EX_IOERR of sysexits.h
        }
    }

    private static async Task<int> RunVerbAsync(string[] args)
    {
        switch (args)
        {
            case [] or ["run"]:
                return await RunAsync();
            case ["version" or "--version"]:
                await Console.Out.WriteLineAsync(AgentVersion.Current);
                return 0;
            case ["version", "--json"]:
                var keys = string.Join(',', ReleaseKeys.CompiledIn.Ids.Select(id => $"\"{id}\""));
                await Console.Out.WriteLineAsync($$"""{"product":"dockmon-agent","version":"{{AgentVersion.Current}}","release_keys":[{{keys}}]}""");
                return 0;
            case ["guard", var process, var container] when int.TryParse(process, CultureInfo.InvariantCulture, out var id):
                return await GuardAsync(id, container == "-" ? null : container);
            case ["doctor"] or ["doctor", "--json"]:
                return await DoctorVerb.RunAsync(
                    args.Length > 1,
                    Console.Out,
                    ShowsColour,
                    Environment.GetEnvironmentVariable,
                    TimeProvider.System,
                    CancellationToken.None);
            case ["health"]:
                return await HealthVerb.RunAsync(Console.Out, Environment.GetEnvironmentVariable, TimeProvider.System);
            case ["policy", .. var options]:
                return await PolicyVerb.RunAsync(options, Console.Out, Environment.GetEnvironmentVariable, TimeProvider.System);
            case ["audit", .. var options]:
                return await AuditVerb.RunAsync(
                    options,
                    Console.Out,
                    Console.Error,
                    ShowsColour,
                    Environment.GetEnvironmentVariable,
                    TimeProvider.System);
            case ["help" or "--help" or "-h"]:
                await Console.Out.WriteLineAsync(Usage);
                return 0;
            default:
                await Console.Error.WriteLineAsync($"dockmon-agent: what is \"{string.Join(' ', args)}\"?\n{Usage}");
                return 2;
        }
    }

    private static bool ShowsColour =>
        !Console.IsOutputRedirected
            && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb");

    private static async Task<int> RunAsync()
    {
        Func<string, string?> environment = Environment.GetEnvironmentVariable;
        List<ConfigurationError> errors = [];
        UserChange? user = null;
        try
        {
            user = Privileges.Drop(environment, DataOwner.Settle);
        }
        catch (ConfigurationException e)
        {
            errors.Add(e.Error);
        }

        var (options, wrong) = AgentOptions.Load(environment);
        errors.AddRange(wrong);
        if (errors.Count > 0)
        {
            using var plain = new JsonLoggerFactory(Console.Error, LogLevel.Information, options.LogJson, TimeProvider.System);
            errors.ForEach(error => Log.CannotStart(plain.CreateLogger("agent"), error.ToString()));
            return 1;
        }

        using var loggers = new JsonLoggerFactory(Console.Out, options.LogLevel, options.LogJson, TimeProvider.System);
        var logger = loggers.CreateLogger("agent");
        if (user is not null)
        {
            Log.User(logger, user.Text);
        }

        if (user?.Concern is { } concern)
        {
            Log.UserConcern(logger, concern);
        }

        using var stopping = new CancellationTokenSource();
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stopping.Cancel();
        }

        try
        {
            new Launcher(new SelfUpdateStore(options.DataPath), ProgramTrust.Of(options), logger).Run();
        }
        catch (Exception e) when (e is CommandException or IOException)
        {
            AgentLog.CannotLaunch(logger, e.Message);
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

    /// <summary>Not for users: an agent that becomes a new version starts it to be watched.</summary>
    private static async Task<int> GuardAsync(int process, string? container)
    {
        // The agent that started it has the same variables, and found no error in them.
        var (options, _) = AgentOptions.Load(Environment.GetEnvironmentVariable);
        using var loggers = new JsonLoggerFactory(Console.Out, options.LogLevel, options.LogJson, TimeProvider.System);
        return await new Guard(options, TimeProvider.System, loggers.CreateLogger("guard")).RunAsync(process, container);
    }

    private static partial class Log
    {
        [LoggerMessage(3, LogLevel.Critical, "{Problem}")]
        public static partial void CannotStart(ILogger logger, string problem);

        [LoggerMessage(4, LogLevel.Critical, "The agent ends because of an unexpected error")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(403, LogLevel.Information, "Started as root; {User}")]
        public static partial void User(ILogger logger, string user);

        [LoggerMessage(408, LogLevel.Warning, "{Concern}")]
        public static partial void UserConcern(ILogger logger, string concern);
    }
}
