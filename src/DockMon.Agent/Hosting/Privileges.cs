using System.Globalization;
using DockMon.Agent.Configuration;
using DockMon.Agent.Interop;
using DockMon.Engine;

namespace DockMon.Agent.Hosting;

/// <summary>
/// Gives up root at start. The image starts as root because only root can join the group of a socket whose number is known no earlier
/// than on the host, and because a volume may hold what an agent run by root has left there.
/// </summary>
internal static class Privileges
{
    private const string Variable = "AGENT_USER";

    // DATA_PATH, its directories, the stacks and the files right in those. What lies deeper belongs to the containers of the stacks.
    private const int Depth = 3;

    /// <summary>Becomes the user of AGENT_USER where that is set and the process is root's.</summary>
    /// <returns>What came of it, for the log; null when there was nothing to do.</returns>
    /// <exception cref="ConfigurationException">AGENT_USER is no user, or root may not become another user here.</exception>
    public static string? Drop(Func<string, string?> environment) => Drop(environment, TakeOver);

    /// <summary>The same with something else in place of taking the data directory over.</summary>
    /// <param name="environment">The variables.</param>
    /// <param name="before">What is done with the data directory while the process is still root, for the user it will be.</param>
    public static string? Drop(Func<string, string?> environment, Action<string, uint> before)
    {
        var variables = new EnvironmentReader(environment);
        var wanted = ParseUser(variables.Text(Variable));
        if (Native.UserId != 0 || wanted == 0)
        {
            return null;
        }

        var path = EngineEndpoint.SocketOf(variables.Text("DOCKER_HOST"));
        if (PrivilegePlan.For(wanted, path is null ? null : FileStatus.Read(path), Native.Groups()) is not { } plan)
        {
            return $"stays root, because nobody else may use {path}";
        }

        before(variables.DirectoryPath("DATA_PATH", "/data"), plan.User);
        try
        {
            Native.Become(plan.User, plan.Groups);
        }
        catch (UnauthorizedAccessException e)
        {
            var error = new ConfigurationError(
                Variable,
                $"Root cannot become user {plan.User} here ({e.Message})",
                $"leave the container the capabilities SETUID and SETGID, start it as that user (docker run --user {plan.User}"
                + $"{(plan.SocketGroup is { } group ? $" --group-add {group}" : "")}), or set {Variable} to 0 to stay root");
            throw new ConfigurationException(error, e);
        }

        return plan.SocketGroup is { } joined ? $"now user {plan.User} in group {joined}, that of {path}" : $"now user {plan.User}";
    }

    /// <summary>The user's number; 0 when none is set.</summary>
    public static uint ParseUser(string? text) => text switch
    {
        null or "root" => 0,
        _ when uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var user) && user < int.MaxValue => user,
        _ => throw new ConfigurationException(ConfigurationError.InvalidValue(Variable, text, "write the number of a user, such as 1000, or 0 to stay root")),
    };

    /// <summary>What root has in the data directory, and the user is to have.</summary>
    public static IReadOnlyList<string> RootsOwn(string dataPath)
    {
        var found = new List<string>();
        try
        {
            Collect(dataPath, found, depth: 0);
        }
        catch (IOException)
        {
            // The proof that the directory can be written fails in a moment, with better words.
        }

        return found;
    }

    private static void TakeOver(string dataPath, uint user)
    {
        // From the inside out: root without DAC_OVERRIDE has no way through a directory that is the user's already.
        foreach (var path in RootsOwn(dataPath).Reverse())
        {
            _ = Native.TryGive(path, user);
        }
    }

    private static void Collect(string path, List<string> found, int depth)
    {
        if (FileStatus.Read(path, followLink: false) is { User: 0 } && (depth < Depth || !Directory.Exists(path)))
        {
            found.Add(path);
        }

        if (depth < Depth && new DirectoryInfo(path) is { Exists: true, LinkTarget: null } directory)
        {
            var options = new EnumerationOptions { IgnoreInaccessible = true, AttributesToSkip = 0 };
            foreach (var entry in directory.EnumerateFileSystemInfos("*", options))
            {
                Collect(entry.FullName, found, depth + 1);
            }
        }
    }
}
