using DockMon.Cli.Hub;
using DockMon.Cli.Output;

namespace DockMon.Cli.Commands;

/// <summary>Updates and deployments that go on after the hub's answer.</summary>
internal static class Operations
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Shows each stage until the operation ends.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> WatchAsync(CommandContext context, string name, OperationAnswer operation, CancellationToken ct)
    {
        var shown = ("", "");
        while (true)
        {
            if ((operation.Stage, operation.Message) != shown && operation.Stage.Length > 0 && operation.State != "failed")
            {
                shown = (operation.Stage, operation.Message);
                await context.Console.Error.WriteLineAsync($"{Text.Safe(name)}: {Text.Safe(operation.Stage)} {Text.Safe(operation.Message)}".TrimEnd());
            }

            switch (operation.State)
            {
                case "succeeded":
                    return ExitCodes.Success;
                case "failed":
                    await context.Console.Error.WriteLineAsync($"dockmon: {Text.Safe(name)}: {Text.Safe(operation.Error)}");
                    return ExitCodes.Failed;
            }

            await Task.Delay(Interval, TimeProvider.System, ct);
            operation = await context.Hub.GetAsync($"api/operations/{operation.Id}", CliJson.Default.OperationAnswer, ct);
        }
    }
}
