using System.Text.Json;
using DockMon.Cli.Hub;
using DockMon.Cli.Output;

namespace DockMon.Cli.Commands;

/// <summary><c>dockmon logs</c>.</summary>
internal static class LogsCommand
{
    private const int MostLines = 100_000;

    public static async Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        var arguments = context.Arguments;
        var follow = arguments.Switch("-f", "--follow");
        var tail = arguments.Number("-n", 0, MostLines) ?? arguments.Number("--tail", 0, MostLines) ?? 100;
        var since = arguments.Option("--since");
        var containers = new List<ContainerAnswer>();
        foreach (var name in arguments.Words("the container"))
        {
            containers.Add(await Containers.FindAsync(context.Hub, name, ct));
        }

        var query = string.Concat(containers.Select(one => $"&container={Uri.EscapeDataString($"{one.HostId}:{one.Id}")}"));
        var start = since is null ? "" : "&since=" + Uri.EscapeDataString(since);
        var names = containers.ToDictionary(one => (one.HostId, one.Id), one => $"{one.Host}/{one.Name}");
        using var events = await context.Hub.FollowAsync($"api/logs?follow={(follow ? "true" : "false")}&tail={tail}{start}{query}", ct);
        var failed = false;
        await foreach (var e in events.ReadAllAsync(ct))
        {
            if (context.Json)
            {
                failed |= Error(e) is not null;
                await context.Console.Out.WriteLineAsync(e.Data.GetRawText());
                await context.Console.Out.FlushAsync(ct);
                continue;
            }

            failed |= await ShowAsync(context.Console, e, names, ct);
        }

        return failed ? ExitCodes.Failed : ExitCodes.Success;
    }

    /// <returns>Whether the event says that a log cannot be read.</returns>
    private static async Task<bool> ShowAsync(
        CliConsole console, ServerEvent e, Dictionary<(string HostId, string Id), string> names, CancellationToken ct)
    {
        var key = (e.Data.GetProperty("host_id").GetString()!, e.Data.GetProperty("container_id").GetString()!);
        var name = Text.Safe(names.GetValueOrDefault(key, key.Item2));
        switch (e.Name)
        {
            case "log":
                var prefix = names.Count > 1 ? name + " | " : "";
                foreach (var line in e.Data.GetProperty("lines").EnumerateArray())
                {
                    await console.Out.WriteLineAsync(prefix + Text.SafeLine(line.GetProperty("text").GetString()!));
                }

                await console.Out.FlushAsync(ct);
                return false;
            case "end" when Error(e) is { } error:
                await console.Error.WriteLineAsync($"dockmon: {name}: {Text.Safe(error)}");
                return true;
            case "waiting":
                await console.Error.WriteLineAsync($"dockmon: {name}: its host is away; the log goes on when it is back");
                return false;
            default:
                return false;
        }
    }

    /// <returns>Why a log ended; null for everything but a failure.</returns>
    private static string? Error(ServerEvent e) =>
        e.Name == "end" && e.Data.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.String ? error.GetString() : null;
}
