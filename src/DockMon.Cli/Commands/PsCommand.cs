using System.Globalization;
using System.Text.Json;
using DockMon.Cli.Hub;
using DockMon.Cli.Output;

namespace DockMon.Cli.Commands;

/// <summary><c>dockmon ps</c>.</summary>
internal static class PsCommand
{
    public static async Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        var arguments = context.Arguments;
        var query = arguments.Options("--host").ConvertAll(host => ("host", host));
        if (!arguments.Switch("-a", "--all"))
        {
            query.AddRange([("state", "running"), ("state", "restarting"), ("state", "paused")]);
        }

        if (arguments.Option("-q", "--search") is { } search)
        {
            query.Add(("q", search));
        }

        query.Add(("sort", arguments.Option("--sort") ?? "host"));
        arguments.Done();
        if (context.Json)
        {
            var json = await Containers.ListJsonAsync(context.Hub, query, ct);
            await context.Console.Out.WriteLineAsync(JsonSerializer.Serialize(json, CliJson.Default.IReadOnlyListJsonElement));
            return ExitCodes.Success;
        }

        var table = new Table("HOST", "NAME", "IMAGE", "STATUS", "CPU", "MEMORY", "PORTS");
        foreach (var container in await Containers.ListAsync(context.Hub, query, ct))
        {
            table.Add(
                container.Host,
                container.Name,
                container.Image,
                container.FullStatus,
                container.Figures is { } cpu ? string.Create(CultureInfo.InvariantCulture, $"{cpu.CpuPercent:0.0}%") : "",
                container.Figures is { } memory ? Bytes(memory.MemoryUsage) : "",
                string.Join(' ', container.Ports.Where(port => port.PublicPort > 0).Select(Port).Distinct()));
        }

        await table.WriteAsync(context.Console);
        return ExitCodes.Success;
    }

    private static string Port(PublishedPort port) => $"{port.PublicPort}→{port.PrivatePort}{(port.Type == "tcp" ? "" : "/" + port.Type)}";

    private static string Bytes(long bytes) => bytes switch
    {
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20} MiB"),
    };
}
