using DockMon.Agent.Threading;

namespace DockMon.Agent.Compose.Deploy.Tool;

/// <summary>Docker's own compose program, as it was found on this machine.</summary>
/// <param name="Path">The program.</param>
/// <param name="Version">What it calls itself.</param>
internal sealed record ComposeTool(string Path, Version Version)
{
    // Run by itself and not as "docker compose": the client finds no plugin in a home whose DOCKER_CONFIG is a temporary one.
    private static readonly string[] PluginFolders =
    [
        "/usr/local/lib/docker/cli-plugins", "/usr/local/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins", "/usr/libexec/docker/cli-plugins",
    ];

    private static readonly Version ProgressOption = new(2, 19);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(20);

    /// <summary>Whether it has <c>--progress</c>.</summary>
    public bool HasProgress => Version >= ProgressOption;

    /// <summary>Looks for compose: the plugin and the program of its own, and of these the first that is version 2 or later, else one of version 1.</summary>
    public static async Task<ComposeTool?> FindAsync(IReadOnlyDictionary<string, string> environment, TimeProvider time, CancellationToken ct)
    {
        ComposeTool? old = null;
        foreach (var path in Candidates(environment.GetValueOrDefault("HOME"), environment.GetValueOrDefault("PATH")))
        {
            if (await AskAsync(path, environment, time, ct) is not { } tool)
            {
                continue;
            }

            if (tool.Version.Major >= 2)
            {
                return tool;
            }

            old ??= tool;
        }

        return old;
    }

    /// <summary>Reads <c>2.26.1-4</c>, <c>v2.39.1</c> or <c>1.29.2</c>.</summary>
    public static Version? ParseVersion(string text)
    {
        var number = string.Concat(text.Trim().TrimStart('v').TakeWhile(letter => char.IsAsciiDigit(letter) || letter == '.'));
        return Version.TryParse(number.TrimEnd('.'), out var version) ? version : null;
    }

    private static IEnumerable<string> Candidates(string? home, string? path)
    {
        IEnumerable<string> folders = home is null ? PluginFolders : [System.IO.Path.Combine(home, ".docker/cli-plugins"), .. PluginFolders];
        return folders.Concat((path ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
            .Select(folder => System.IO.Path.Combine(folder, "docker-compose"))
            .Where(File.Exists);
    }

    private static async Task<ComposeTool?> AskAsync(string path, IReadOnlyDictionary<string, string> environment, TimeProvider time, CancellationToken ct)
    {
        using var limit = new TimeLimit(AnswerLimit, time, ct);
        try
        {
            var answer = await ComposeProcess.RunAsync(path, ["version", "--short"], environment, "/", line: null, time, limit.Token);
            return answer.ExitCode == 0 && ParseVersion(answer.Output) is { } version ? new ComposeTool(path, version) : null;
        }
        catch (OperationCanceledException) when (limit.IsOver)
        {
            return null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // No program, or none for this machine.
            return null;
        }
    }
}
