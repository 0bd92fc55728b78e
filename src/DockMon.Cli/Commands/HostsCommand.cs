using System.Text.Json;
using DockMon.Cli.Hub;
using DockMon.Cli.Output;

namespace DockMon.Cli.Commands;

/// <summary><c>dockmon hosts</c>.</summary>
internal static class HostsCommand
{
    public static async Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        context.Arguments.Done();
        if (context.Json)
        {
            await context.Console.Out.WriteLineAsync((await context.Hub.GetAsync("api/hosts", CliJson.Default.JsonElement, ct)).GetRawText());
            return ExitCodes.Success;
        }

        var table = new Table("HOST", "STATE", "LAST SEEN", "AGENT", "ENGINE", "ID");
        foreach (var host in await context.Hub.GetAsync("api/hosts", CliJson.Default.IReadOnlyListHostAnswer, ct))
        {
            table.Add(
                host.Hostname, host.Connected ? "connected" : "away", host.Connected ? "now" : host.LastSeen, Text(host, "version"),
                Text(host, "docker_version"), host.Id);
        }

        await table.WriteAsync(context.Console);
        return ExitCodes.Success;
    }

    private static string Text(HostAnswer host, string member) =>
        host.Registration.ValueKind == JsonValueKind.Object
            && host.Registration.TryGetProperty(member, out var value)
            && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
