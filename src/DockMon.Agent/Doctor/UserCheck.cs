using DockMon.Agent.Configuration;
using DockMon.Agent.Hosting;
using DockMon.Agent.Interop;
using DockMon.Agent.Linux;
using DockMon.Engine;

namespace DockMon.Agent.Doctor;

/// <summary>As whom the agent runs. Whoever looks as somebody else finds what is wrong for somebody else.</summary>
internal sealed class UserCheck
{
    private readonly CheckResult _finding;

    private UserCheck(CheckResult finding, bool takesOver) => (_finding, TakesOver) = (finding, takesOver);

    /// <summary>Whether the agent would, at its start, give itself what is root's in the data directory, and can.</summary>
    public bool TakesOver { get; }

    /// <summary>Becomes the user that an agent becomes which is started here. Unlike that one it leaves the data directory as it is.</summary>
    public static UserCheck Run(Func<string, string?> environment)
    {
        var takesOver = false;
        try
        {
            var user = Privileges.Drop(environment, (dataPath, user) => takesOver = IsGiven(dataPath, user));
            return new(CheckResult.Ok(user is null ? $"looks as {Name()}, as which an agent started like this runs" : $"looks as the agent does: {user}"), takesOver);
        }
        catch (ConfigurationException e)
        {
            return new(CheckResult.Failed($"{e.Error.Finding}; the rest is looked at as {Name()}", e.Error.Remedy), takesOver: false);
        }
    }

    public Check Check() => new("user", [], _ => Task.FromResult(_finding));

    // What lies in somebody else's directory is out of reach, whoever has it.
    private static bool IsGiven(string dataPath, uint user) =>
        EffectiveCapabilities.MayChangeOwner() && FileStatus.Read(dataPath) is { } status && (status.User == 0 || status.User == user) && Privileges.RootsOwn(dataPath).Count > 0;

    private static string Name() => Native.UserId == 0 ? "root" : $"user id {Native.UserId}";
}
