using DockMon.Agent.Configuration;
using DockMon.Agent.Hosting;
using DockMon.Agent.Interop;
using DockMon.Agent.Linux;
using DockMon.Engine;

namespace DockMon.Agent.Doctor.Checks;

/// <summary>The user the agent runs as. All other checks run as that user, because the permissions of another one say nothing.</summary>
internal sealed class UserCheck
{
    private readonly CheckResult _finding;

    private UserCheck(CheckResult finding, bool takesOver) => (_finding, TakesOver) = (finding, takesOver);

    /// <summary>Whether the agent, at its start, becomes the owner of what belongs to root in the data directory.</summary>
    public bool TakesOver { get; }

    /// <summary>Becomes the user that an agent started here becomes, but leaves the data directory as it is.</summary>
    public static UserCheck Run(Func<string, string?> environment)
    {
        var takesOver = false;
        try
        {
            var succeeds = false;
            var user = Privileges.Drop(environment, (folders, wanted) =>
            {
                takesOver = IsGiven(folders.Data, wanted);
                succeeds = EarlierUser.Owns(folders.Data, wanted);
                return DataOwner.Find(folders, wanted);
            });
            if (succeeds)
            {
                return new(Succeeds(user!.Text), takesOver: false);
            }

            var found = user is null ? $"checks run as {Name()}, like an agent that is started this way" : $"checks run as the agent does: {user.Text}";
            return new(CheckResult.Ok(found), takesOver);
        }
        catch (ConfigurationException e)
        {
            return new(CheckResult.Failed($"{e.Error.Finding}; the other checks run as {Name()}", e.Error.Remedy), takesOver: false);
        }
    }

    public Check Check() => new("user", [], _ => Task.FromResult(_finding));

    private static CheckResult Succeeds(string user) => CheckResult.Warning(
        $"checks run as the owner of the data directory: {user}. It is of an earlier image, whose user is a person on many hosts",
        $"start the agent: it gives the data to user {EarlierUser.Successor}, or its log says why it does not; to keep this user set "
            + $"AGENT_USER={EarlierUser.Id}");

    // Files in a directory of a third user cannot be reached, whoever owns them.
    private static bool IsGiven(string dataPath, uint user) =>
        EffectiveCapabilities.MayChangeOwner()
        && FileStatus.Read(dataPath) is { } status
        && (status.User == 0 || status.User == user)
        && DataOwner.RootsOwn(dataPath).Count > 0;

    private static string Name() => Native.UserId == 0 ? "root" : $"user id {Native.UserId}";
}
