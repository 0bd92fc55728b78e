namespace DockMon.Testing;

/// <summary>Starts the hub as a process of its own.</summary>
public static class HubProcess
{
    /// <summary>Variable that names the program.</summary>
    public const string Variable = "DOCKMON_HUB_BIN";

    /// <summary>The program's path.</summary>
    public static string Path => Repository.Program(Variable, "publish/hub/dockmon-hub", "bin/DockMon.Hub/debug/dockmon-hub");

    /// <summary>Starts it. A variable of the hub that is not in <paramref name="environment"/> is not set.</summary>
    public static ProgramProcess Start(IReadOnlyDictionary<string, string> environment, params IReadOnlyList<string> arguments) =>
        ProgramProcess.Start(Path, arguments, environment, Unset);

    /// <summary>Starts it in a network namespace, as who may enter it.</summary>
    /// <param name="network">Name of the namespace.</param>
    /// <param name="environment">Its variables.</param>
    public static ProgramProcess StartIn(string network, IReadOnlyDictionary<string, string> environment) =>
        ProgramProcess.Start("nsenter", [$"--net=/run/netns/{network}", Path], environment, Unset);

    private static IReadOnlyList<string> Unset => [.. Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(IsOfTheHub)];

    // All of HUB_…: a new one, such as a database that somebody has set for another hub, must not reach the tests either.
    private static bool IsOfTheHub(string variable) => variable.StartsWith("HUB_", StringComparison.Ordinal) || variable is "ASPNETCORE_URLS" or "URLS";
}
