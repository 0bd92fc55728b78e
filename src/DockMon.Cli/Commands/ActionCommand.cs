using System.Net.Http.Json;
using DockMon.Cli.Hub;
using DockMon.Cli.Output;

namespace DockMon.Cli.Commands;

/// <summary><c>dockmon start</c>, <c>stop</c>, <c>restart</c>, <c>kill</c>, <c>pause</c>, <c>unpause</c> and <c>rm</c>.</summary>
internal static class ActionCommand
{
    public static Func<CommandContext, CancellationToken, Task<int>> Of(string action) => (context, ct) => RunAsync(context, action, ct);

    private static async Task<int> RunAsync(CommandContext context, string action, CancellationToken ct)
    {
        var arguments = context.Arguments;
        var timeout = action is "stop" or "restart" ? arguments.Number("--timeout", 0, 3600) : null;
        bool? force = action == "remove" && arguments.Switch("-f", "--force") ? true : null;
        var names = arguments.Words("the container");

        // All are found before anything is done.
        var containers = new List<(string Name, ContainerAnswer Container)>();
        foreach (var name in names)
        {
            containers.Add((name, await Containers.FindAsync(context.Hub, name, ct)));
        }

        var exitCode = ExitCodes.Success;
        foreach (var (name, container) in containers)
        {
            try
            {
                using var body = JsonContent.Create(new ActionRequest(timeout, force), CliJson.Default.ActionRequest);
                await context.Hub.DoAsync(HttpMethod.Post, $"{Containers.Path(container)}/{action}", body, ct);
                await context.Console.Out.WriteLineAsync(Text.Safe(name));
            }
            catch (CliException e) when (e.ExitCode is ExitCodes.Failed or ExitCodes.NotFound)
            {
                await context.Console.Error.WriteLineAsync($"dockmon: {Text.Safe(name)}: {Text.Safe(e.Message)}");
                exitCode = e.ExitCode;
            }
        }

        return exitCode;
    }
}
