using DockMon.Agent.Configuration;

namespace DockMon.Agent.Doctor;

/// <summary>The agent's configuration with all its errors: the checks go on with the defaults of the wrong variables.</summary>
internal sealed class DoctorConfiguration
{
    private const string ServerVariable = "DOCKMON_URL";

    private DoctorConfiguration(AgentOptions options, IReadOnlyList<ConfigurationError> errors, string? serverText)
    {
        Options = options;
        Errors = errors;
        ServerText = serverText;
    }

    /// <summary>The configuration; a variable that cannot be used has its default.</summary>
    public AgentOptions Options { get; }

    public IReadOnlyList<ConfigurationError> Errors { get; }

    /// <summary>Whether <see cref="AgentOptions.ServerUrl"/> is the one in DOCKMON_URL.</summary>
    public bool ServerKnown => !IsRefused(ServerVariable);

    /// <summary>DOCKMON_URL as it was written.</summary>
    public string? ServerText { get; }

    /// <summary>Whether a variable cannot be used.</summary>
    public bool IsRefused(string variable) => Errors.Any(error => error.Variable == variable);

    public static DoctorConfiguration Read(Func<string, string?> environment)
    {
        var (options, errors) = AgentOptions.Load(environment);
        return new DoctorConfiguration(options, errors, environment(ServerVariable)?.Trim());
    }

    /// <summary>One failed check for each error, with what the agent itself would say at its start; a single good one where there is none.</summary>
    public IEnumerable<Check> Checks() => Errors.Count == 0
        ? [Check(CheckResult.Ok("every variable can be used"))]
        : Errors.Select(error => Check(CheckResult.Failed(error)));

    private static Check Check(CheckResult result) => new("configuration", [], _ => Task.FromResult(result));
}
