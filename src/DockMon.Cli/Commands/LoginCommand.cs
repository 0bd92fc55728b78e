using DockMon.Cli.Hub;
using DockMon.Cli.Output;

namespace DockMon.Cli.Commands;

/// <summary><c>dockmon login</c>: stores the hub's address and an API token, after a look whether they are right.</summary>
internal static class LoginCommand
{
    public static async Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        var address = context.Arguments.NextWord() ?? context.Settings.Hub ?? throw new CliException(ExitCodes.Usage, "the hub's address is missing");
        context.Arguments.Done();
        var console = context.Console;
        var token = console.Environment("DOCKMON_TOKEN") is { Length: > 0 } given ? given : Secret(console);
        if (string.IsNullOrWhiteSpace(token))
        {
            throw new CliException(ExitCodes.Usage, "there is no token: type it, or give it on the input");
        }

        var settings = context.Settings with { Hub = address.TrimEnd('/'), Token = token.Trim() };
        using (var hub = new HubClient(settings))
        {
            await hub.GetAsync("api/hosts", CliJson.Default.IReadOnlyListHostAnswer, ct);
        }

        var path = Settings.FilePath(console.Environment);
        try
        {
            settings.Save(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCodes.Failed, $"{path} cannot be written: {e.Message}");
        }

        await console.Error.WriteLineAsync($"Logged in to {Text.Safe(settings.Hub)}; the token is in {path}");
        return ExitCodes.Success;
    }

    /// <summary>Reads a line without showing it.</summary>
    private static string? Secret(CliConsole console)
    {
        using var quiet = Interop.TerminalMode.WithoutEcho();
        console.Error.Write("API token: ");
        console.Error.Flush();
        var line = console.In.ReadLine();
        if (quiet is not null)
        {
            console.Error.WriteLine();
        }

        return line;
    }
}
