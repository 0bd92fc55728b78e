using System.Net.Http.Json;
using DockMon.Cli.Hub;
using DockMon.Cli.Output;

namespace DockMon.Cli.Commands;

/// <summary><c>dockmon update</c>.</summary>
internal static class UpdateCommand
{
    public static async Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        var arguments = context.Arguments;
        var image = arguments.Option("--image");
        var watch = arguments.Switch("--watch", "-w");
        var names = arguments.Words("the container");
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
                using var body = JsonContent.Create(new UpdateRequest(image), CliJson.Default.UpdateRequest);
                var operation = await context.Hub.SendAsync(
                    HttpMethod.Post, Containers.Path(container) + "/update", body, CliJson.Default.OperationAnswer, ct);
                await context.Console.Out.WriteLineAsync(operation.Id);
                if (watch)
                {
                    exitCode = Math.Max(exitCode, await Operations.WatchAsync(context, name, operation, ct));
                }
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
