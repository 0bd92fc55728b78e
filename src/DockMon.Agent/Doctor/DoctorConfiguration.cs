using System.Text.RegularExpressions;
using DockMon.Agent.Configuration;

namespace DockMon.Agent.Doctor;

/// <summary>The agent's configuration, as far as it can be used: what is wrong in one place keeps nobody from looking at the others.</summary>
internal sealed partial class DoctorConfiguration
{
    private const string ServerVariable = "DOCKMON_URL";
    private const string Placeholder = "wss://dockmon.invalid";

    private readonly IReadOnlySet<string> _refused;

    private DoctorConfiguration(AgentOptions options, IReadOnlyList<string> problems, IReadOnlySet<string> refused, string? serverText)
    {
        Options = options;
        Problems = problems;
        _refused = refused;
        ServerText = serverText;
    }

    /// <summary>The configuration; what cannot be used is as if it were not set.</summary>
    public AgentOptions Options { get; }

    /// <summary>What is wrong with it, a sentence each.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>Whether <see cref="AgentOptions.ServerUrl"/> is somebody's.</summary>
    public bool ServerKnown => !IsRefused(ServerVariable);

    /// <summary>DOCKMON_URL as it was written.</summary>
    public string? ServerText { get; }

    /// <summary>Whether a variable is set and cannot be used.</summary>
    public bool IsRefused(string variable) => _refused.Contains(variable);

    /// <summary>Reads it as the agent does, again and again without what the last reading complained of.</summary>
    public static DoctorConfiguration Read(Func<string, string?> environment)
    {
        var problems = new List<string>();
        var refused = new HashSet<string>(StringComparer.Ordinal);
        string? Value(string name) => !refused.Contains(name) ? environment(name) : name == ServerVariable ? Placeholder : null;
        while (true)
        {
            try
            {
                return new DoctorConfiguration(AgentOptions.Load(Value), problems, refused, environment(ServerVariable)?.Trim());
            }
            catch (ConfigurationException e)
            {
                problems.Add(e.Message);
                // Each such sentence names the variables it is about. Without any of them left, there would be no end.
                var before = refused.Count;
                refused.UnionWith(VariableName().Matches(e.Message).Select(name => name.Value));
                if (refused.Count == before)
                {
                    throw;
                }
            }
        }
    }

    /// <summary>The first check: what the agent itself would say and end.</summary>
    public Check Check() => new("configuration", [], _ => Task.FromResult(
        Problems.Count == 0
            ? CheckResult.Ok("every variable can be used")
            : CheckResult.Failed(string.Join("; ", Problems), "correct " + (Problems.Count == 1 ? "it" : "them") + "; docs/configuration.md has every variable")));

    [GeneratedRegex("\\b[A-Z]+(_[A-Z]+)+\\b", RegexOptions.CultureInvariant)]
    private static partial Regex VariableName();
}
