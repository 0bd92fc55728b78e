using System.Net.Http.Json;
using DockMon.Cli.Hub;
using DockMon.Cli.Output;

namespace DockMon.Cli.Commands;

/// <summary><c>dockmon stacks</c>: compose projects.</summary>
internal static class StacksCommand
{
    public static Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        var host = context.Arguments.Option("--host");
        var (name, env) = (context.Arguments.Option("--name"), context.Arguments.Option("--env"));
        var volumes = context.Arguments.Switch("--volumes");
        return context.Arguments.Word("what to do (ls, up or down)") switch
        {
            "ls" => ListAsync(context, host, ct),
            "up" => UpAsync(context, host, context.Arguments.Word("the compose file"), name, env, ct),
            "down" => DownAsync(context, host, context.Arguments.Word("the name of the stack"), volumes, ct),
            var other => throw new CliException(ExitCodes.Usage, $"stacks has no \"{other}\": it must be ls, up or down"),
        };
    }

    private static async Task<int> ListAsync(CommandContext context, string? host, CancellationToken ct)
    {
        context.Arguments.Done();
        var hosts = host is null ? await context.Hub.GetAsync("api/hosts", CliJson.Default.IReadOnlyListHostAnswer, ct)
            : [await FindHostAsync(context, host, ct)];
        var table = new Table("HOST", "STACK", "RUNNING", "FILES");
        foreach (var one in hosts)
        {
            if (context.Json)
            {
                var json = await context.Hub.GetAsync(Path(one), CliJson.Default.JsonElement, ct);
                await context.Console.Out.WriteLineAsync($$"""{"host_id":"{{one.Id}}","stacks":{{json.GetRawText()}}}""");
                continue;
            }

            foreach (var stack in await context.Hub.GetAsync(Path(one), CliJson.Default.IReadOnlyListStackSummary, ct))
            {
                table.Add(one.Hostname, stack.Name, $"{stack.Running} of {stack.Containers}", stack.Managed ? "hub" : "");
            }
        }

        if (!context.Json)
        {
            await table.WriteAsync(context.Console);
        }

        return ExitCodes.Success;
    }

    private static async Task<int> UpAsync(CommandContext context, string? host, string file, string? name, string? env, CancellationToken ct)
    {
        context.Arguments.Done();
        var compose = await ReadAsync(file, ct);
        var variables = env is null ? null : await ReadAsync(env, ct);
        name ??= System.IO.Path.GetFileName(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(file)) ?? "").ToLowerInvariant();
        var target = await FindHostAsync(context, host, ct);
        using var body = JsonContent.Create(new StackRequest(compose, variables), CliJson.Default.StackRequest);
        var operation = await context.Hub.SendAsync(
            HttpMethod.Put, $"{Path(target)}/{Uri.EscapeDataString(name)}", body, CliJson.Default.OperationAnswer, ct);
        return await Operations.WatchAsync(context, name, operation, ct);
    }

    private static async Task<int> DownAsync(CommandContext context, string? host, string name, bool volumes, CancellationToken ct)
    {
        context.Arguments.Done();
        var target = await FindHostAsync(context, host, ct);
        var path = $"{Path(target)}/{Uri.EscapeDataString(name)}?volumes={(volumes ? "true" : "false")}";
        var operation = await context.Hub.SendAsync(HttpMethod.Delete, path, null, CliJson.Default.OperationAnswer, ct);
        return await Operations.WatchAsync(context, name, operation, ct);
    }

    private static string Path(HostAnswer host) => $"api/hosts/{Uri.EscapeDataString(host.Id)}/stacks";

    private static async Task<HostAnswer> FindHostAsync(CommandContext context, string? host, CancellationToken ct)
    {
        var hosts = await context.Hub.GetAsync("api/hosts", CliJson.Default.IReadOnlyListHostAnswer, ct);
        List<HostAnswer> found = [.. hosts.Where(one => host is null || one.Hostname == host || one.Id == host)];
        return found switch
        {
            [var one] => one,
            [] => throw new CliException(ExitCodes.NotFound, $"there is no host {host}; dockmon hosts lists them"),
            _ when host is null => throw new CliException(ExitCodes.Usage, "there are several hosts: name one with --host"),
            _ => throw new CliException(ExitCodes.Usage, $"several hosts are called {host}: name one by its id, which dockmon hosts shows"),
        };
    }

    private static async Task<string> ReadAsync(string file, CancellationToken ct)
    {
        try
        {
            return await File.ReadAllTextAsync(file, ct);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCodes.Usage, $"{file} cannot be read: {e.Message}");
        }
    }
}
