using DockMon.Agent.Configuration;

namespace DockMon.Agent.Policies.Reading;

/// <summary>Finds the policy of this host: in a file, in AGENT_MODE, or in neither. One that cannot be used is never the same as none.</summary>
/// <param name="options">The options.</param>
/// <param name="defaultPath">Where the file is looked for if the options name none.</param>
internal sealed class PolicyLoader(AgentOptions options, string defaultPath = PolicyFile.DefaultPath)
{
    /// <summary>The file that is read when it is there.</summary>
    public string Path => options.PolicyFile ?? defaultPath;

    /// <summary>Loads it.</summary>
    /// <param name="before">The one that was in force until now; null at the start.</param>
    public HostPolicy Load(HostPolicy? before)
    {
        string? text;
        try
        {
            text = PolicyFile.Read(Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return HostPolicy.Unusable(Path, [e.Message], before);
        }

        if (text is null)
        {
            return options.PolicyFile is null && before?.File is null ? WithoutFile()
                : HostPolicy.Unusable(Path, [before?.File is null ? "it is not there, and POLICY_FILE names it" : "it is not there any more"], before);
        }

        var (policy, errors) = PolicyReader.Read(text, Path, options.Mode);
        return policy is null ? HostPolicy.Unusable(Path, [.. errors.Select(error => error.ToString())], before) : policy with { File = Path };
    }

    private HostPolicy WithoutFile() => options.Mode is { } mode ? new HostPolicy { Origin = "AGENT_MODE", Mode = mode } : HostPolicy.Unrestricted;
}
