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

    /// <summary>Becomes the user of AGENT_USER where that is set and the process is root's.</summary>
    /// <param name="environment">The variables.</param>
    /// <param name="settle">What is done with the data directory while the process is still root, for the user it is to be; decides who it will be.</param>
    /// <returns>What came of it; null when there was nothing to do.</returns>
    /// <exception cref="ConfigurationException">AGENT_USER is no user, or root may not become another user here.</exception>
    public static UserChange? Drop(Func<string, string?> environment, Func<DataFolders, uint, DataOwner> settle)
    {
        var variables = new EnvironmentReader(environment);
        var wanted = ParseUser(variables.Text(Variable));
        if (Native.UserId != 0 || wanted == 0)
        {
            return null;
        }

        var path = EngineEndpoint.SocketOf(variables.Text("DOCKER_HOST"));
        var socket = path is null ? null : FileStatus.Read(path);
        if (PrivilegePlan.For(wanted, socket, Native.Groups()) is null)
        {
            return new UserChange($"stays root, because nobody else may use {path}");
        }

        var data = variables.DirectoryPath("DATA_PATH", "/data");
        var owner = settle(new DataFolders(data, variables.DirectoryPath("AGENT_STACKS_DIR", Path.Combine(data, "stacks"))), wanted);
        if (PrivilegePlan.For(owner.User, socket, Native.Groups()) is not { } plan)
        {
            return new UserChange($"stays root, because user {owner.User} may not use {path}", owner.Concern);
        }

        Become(plan);
        var who = plan.SocketGroup is { } group ? $"now user {plan.User} in group {group}, that of {path}" : $"now user {plan.User}";
        return new UserChange(owner.Done is null ? who : $"{who}; {owner.Done}", owner.Concern);
    }

    /// <summary>The user's number; 0 when none is set.</summary>
    public static uint ParseUser(string? text) => text switch
    {
        null or "root" => 0,
        _ when uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var user) && user < int.MaxValue => user,
        _ => throw new ConfigurationException(ConfigurationError.InvalidValue(Variable, text, "write the number of a user, such as 64321, or 0 to stay root")),
    };

    private static void Become(PrivilegePlan plan)
    {
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
                + $"{(plan.SocketGroup is { } group ? $" --group-add {group}" : "")}), set {Variable} to a number that its user namespace has, "
                + "or to 0 to stay root");
            throw new ConfigurationException(error, e);
        }
    }
}

/// <summary>What came of giving up root.</summary>
/// <param name="Text">Who the process is now, for the log.</param>
/// <param name="Concern">What somebody should look after; null for nothing.</param>
internal sealed record UserChange(string Text, string? Concern = null);
