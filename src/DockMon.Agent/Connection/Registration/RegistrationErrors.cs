using DockMon.Protocol;

namespace DockMon.Agent.Connection.Registration;

/// <summary>What to do about a refused registration.</summary>
internal static class RegistrationErrors
{
    /// <summary>One sentence that says what to do about <paramref name="reason"/>, the server's own words.</summary>
    public static string GetAdvice(string reason)
    {
        bool Says(string text) => reason.Contains(text, StringComparison.OrdinalIgnoreCase);
        return 0 switch
        {
            _ when Says(AuthRejections.ExpiredToken) => "Registration tokens live for 15 minutes: make a new one on the server and set REGISTRATION_TOKEN.",
            _ when Says(AuthRejections.UsedUpToken) => "The token was used already: make a new one on the server and set REGISTRATION_TOKEN. If this "
                + "agent was registered before, its data directory was lost: mount a named volume at /data.",
            _ when Says(AuthRejections.InvalidToken) =>
                "The server does not know this token: check REGISTRATION_TOKEN for copying errors, and that DOCKMON_URL names the server that made it.",
            _ when Says(AuthRejections.WrongEngine) =>
                "The data directory came from another machine: delete permanent_token in it and register with a new REGISTRATION_TOKEN.",
            _ when Says("already registered") || Says("already") => "This Docker engine is on the server already: remove that host there first; for a "
                + "cloned machine set AGENT_NAME and FORCE_UNIQUE_REGISTRATION=true.",
            _ when Says(AuthRejections.InvalidData) =>
                "The server does not accept what this agent says of itself: agent and server may be of versions that do not fit.",
            _ => "See the server's log.",
        };
    }
}
