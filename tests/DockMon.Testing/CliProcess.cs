namespace DockMon.Testing;

/// <summary>Starts the command line as a process of its own.</summary>
public static class CliProcess
{
    /// <summary>Variable that names the program.</summary>
    public const string Variable = "DOCKMON_CLI_BIN";

    private static readonly string[] Variables = ["DOCKMON_HUB", "DOCKMON_TOKEN", "DOCKMON_CA", "DOCKMON_PIN", "XDG_CONFIG_HOME"];

    /// <summary>The program's path.</summary>
    public static string Path => Repository.Program(Variable, "publish/cli/dockmon", "bin/DockMon.Cli/debug/dockmon");

    /// <summary>Starts it. A variable of it that is not in <paramref name="environment"/> is not set.</summary>
    public static ProgramProcess Start(IReadOnlyDictionary<string, string> environment, params IReadOnlyList<string> arguments) =>
        ProgramProcess.Start(Path, arguments, environment, Variables);
}
