using System.Text.Json;
using DockMon.Cli.Hub;
using DockMon.Cli.Output;

namespace DockMon.Cli.Commands;

/// <summary><c>dockmon events</c>: what happens on all hosts, one line each.</summary>
internal static class EventsCommand
{
    public static async Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        var arguments = context.Arguments;
        arguments.Switch("-f", "--follow"); // It always does; the switch is for those who are used to it.
        var wanted = arguments.Options("--host");
        arguments.Done();
        var hosts = (await context.Hub.GetAsync("api/hosts", CliJson.Default.IReadOnlyListHostAnswer, ct)).ToDictionary(host => host.Id, host => host.Hostname);
        if (wanted.Find(name => !hosts.ContainsKey(name) && !hosts.ContainsValue(name)) is { } unknown)
        {
            throw new CliException(ExitCodes.NotFound, $"there is no host {unknown}; dockmon hosts lists them");
        }

        using var events = await context.Hub.FollowAsync("api/stream", ct);
        await foreach (var e in events.ReadAllAsync(ct))
        {
            var hostId = e.Data.TryGetProperty("host_id", out var id) ? id.GetString() ?? "" : "";
            var host = hosts.GetValueOrDefault(hostId, hostId);
            if (e.Name is "container_stats" or "host_stats" or "containers_changed"
                || (e.Name != "gap" && wanted.Count > 0 && !wanted.Contains(host) && !wanted.Contains(hostId)))
            {
                continue;
            }

            await context.Console.Out.WriteLineAsync(context.Json
                ? $"{{\"event\":{Quoted(e.Name)},\"host_id\":{Quoted(hostId)},\"data\":{Data(e).GetRawText()}}}"
                : $"{Text.Safe(host),-16} {Text.Safe(e.Name),-20} {Describe(Data(e))}");
            await context.Console.Out.FlushAsync(ct);
        }

        return ExitCodes.Success;
    }

    private static string Quoted(string text) => JsonSerializer.Serialize(text, CliJson.Default.String);

    private static JsonElement Data(ServerEvent e) => e.Data.TryGetProperty("data", out var data) ? data : e.Data;

    private static string Describe(JsonElement data)
    {
        string[] told = ["container_name", "action", "stage", "message", "error", "reason"];
        return data.ValueKind != JsonValueKind.Object ? "" : string.Join(' ', told
            .Select(name => data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? Text.Safe(value.GetString()) : "")
            .Where(text => text.Length > 0));
    }
}
