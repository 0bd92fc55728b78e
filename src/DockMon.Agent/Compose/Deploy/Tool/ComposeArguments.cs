namespace DockMon.Agent.Compose.Deploy.Tool;

/// <summary>What compose is called with, each argument by itself: there is no shell that could misread one.</summary>
/// <param name="Tool">The program.</param>
/// <param name="Project">The project's name.</param>
/// <param name="File">The compose file.</param>
/// <param name="EnvFile">The file of variables for it, when there is one.</param>
/// <param name="Folder">The directory that relative paths in it mean.</param>
/// <param name="Profiles">The profiles that are on.</param>
internal sealed record ComposeArguments(ComposeTool Tool, string Project, string File, string? EnvFile, string Folder, IReadOnlyList<string> Profiles)
{
    public IReadOnlyList<string> Config => [.. Common, "config"];

    public IReadOnlyList<string> Pull => [.. Common, "pull"];

    public IReadOnlyList<string> Restart => [.. Common, "restart"];

    private IEnumerable<string> Common =>
    [
        "--ansi", "never",
        .. Tool.HasProgress ? ["--progress", "plain"] : Array.Empty<string>(),
        "--project-name", Project,
        "--file", File,
        "--project-directory", Folder,
        .. EnvFile is null ? Array.Empty<string>() : ["--env-file", EnvFile],
        .. Profiles.SelectMany(profile => new[] { "--profile", profile }),
    ];

    public IReadOnlyList<string> Up(bool forceRecreate) => forceRecreate ? [.. Common, "up", "-d", "--force-recreate"] : [.. Common, "up", "-d"];

    public IReadOnlyList<string> Down(bool volumes) => volumes ? [.. Common, "down", "--volumes"] : [.. Common, "down"];
}
