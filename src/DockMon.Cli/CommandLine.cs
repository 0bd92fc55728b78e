using System.Reflection;
using DockMon.Cli.Commands;
using DockMon.Cli.Hub;
using DockMon.Cli.Output;

namespace DockMon.Cli;

/// <summary>Finds the command and runs it; turns failures into messages and exit codes.</summary>
internal static class CommandLine
{
    private const string Help =
        """
        usage: dockmon COMMAND [options]

          login ADDRESS                    store the hub's address and an API token, which is read from the terminal
          hosts                            the hosts
          ps [-a] [--host HOST…] [-q TEXT] running containers of all hosts; -a: all of them
          logs [-f] [-n LINES] [--since TIME] CONTAINER…
          exec -it CONTAINER               a shell in a container
          start | stop | restart | kill | pause | unpause CONTAINER…
          rm [-f] CONTAINER…               remove containers
          update [--image IMAGE] [--watch] CONTAINER…
          stacks ls | up FILE [--name NAME] [--env FILE] | down NAME [--volumes]; each with --host HOST
          tokens create [--uses N] | ls | rm ID
          events [-f] [--host HOST…]       what happens
          version

        CONTAINER is HOST/NAME, or NAME where no other host has it; an id, or the beginning of one, does as well.
        Everywhere: --json, --hub ADDRESS, --ca FILE, --pin sha256/…
        DOCKMON_HUB, DOCKMON_TOKEN, DOCKMON_CA and DOCKMON_PIN say the same as options and dockmon login.
        """;

    private static readonly Dictionary<string, Func<CommandContext, CancellationToken, Task<int>>> Commands = new(StringComparer.Ordinal)
    {
        ["login"] = LoginCommand.RunAsync,
        ["hosts"] = HostsCommand.RunAsync,
        ["ps"] = PsCommand.RunAsync,
        ["logs"] = LogsCommand.RunAsync,
        ["exec"] = ExecCommand.RunAsync,
        ["start"] = ActionCommand.Of("start"),
        ["stop"] = ActionCommand.Of("stop"),
        ["restart"] = ActionCommand.Of("restart"),
        ["kill"] = ActionCommand.Of("kill"),
        ["pause"] = ActionCommand.Of("pause"),
        ["unpause"] = ActionCommand.Of("unpause"),
        ["rm"] = ActionCommand.Of("remove"),
        ["update"] = UpdateCommand.RunAsync,
        ["stacks"] = StacksCommand.RunAsync,
        ["tokens"] = TokensCommand.RunAsync,
        ["events"] = EventsCommand.RunAsync,
    };

    /// <summary>Version of this program.</summary>
    public static string Version { get; } =
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";

    public static async Task<int> RunAsync(IReadOnlyList<string> args, CliConsole console, CancellationToken ct)
    {
        try
        {
            switch (args)
            {
                case [] or ["help" or "--help" or "-h", ..]:
                    await console.Out.WriteLineAsync(Help);
                    return args.Count == 0 ? ExitCodes.Usage : ExitCodes.Success;
                case ["version" or "--version"]:
                    await console.Out.WriteLineAsync(Version);
                    return ExitCodes.Success;
            }

            if (!Commands.TryGetValue(args[0], out var command))
            {
                throw new CliException(ExitCodes.Usage, $"there is no command \"{args[0]}\"; dockmon help lists them");
            }

            var arguments = new Arguments(args.Skip(1));
            if (arguments.Switch("--help", "-h"))
            {
                await console.Out.WriteLineAsync(Help);
                return ExitCodes.Success;
            }

            var json = arguments.Switch("--json");
            var settings = Settings.Load(arguments, console.Environment);
            using var hub = new HubClient(settings);
            return await command(new CommandContext(arguments, settings, hub, console, json), ct);
        }
        catch (CliException e)
        {
            await console.Error.WriteLineAsync("dockmon: " + Text.Safe(e.Message));
            return e.ExitCode;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        catch (IOException e) when (e.HResult == BrokenPipe)
        {
            // Whoever read the output, such as head, has enough.
            return ExitCodes.Success;
        }
        finally
        {
            await FlushAsync(console);
        }
    }

    private const int BrokenPipe = 32;

    private static async Task FlushAsync(CliConsole console)
    {
        try
        {
            await console.Out.FlushAsync();
        }
        catch (IOException)
        {
            // Nobody reads the rest.
        }
    }
}

/// <summary>What a command works with.</summary>
internal sealed record CommandContext(Arguments Arguments, Settings Settings, HubClient Hub, CliConsole Console, bool Json);
