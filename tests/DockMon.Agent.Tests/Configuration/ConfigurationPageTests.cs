using System.Text.RegularExpressions;
using DockMon.Agent.Configuration;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Configuration;

/// <summary>docs/configuration.md has every variable of the agent, and the defaults that the agent has.</summary>
public sealed partial class ConfigurationPageTests
{
    private static readonly Dictionary<string, string> Documented = Rows().Matches(AgentSection())
        .ToDictionary(row => row.Groups[1].Value, row => row.Groups[2].Value.Trim(), StringComparer.Ordinal);

    [Fact]
    public void Every_variable_that_is_read_is_documented_and_no_other()
    {
        // Read before all others, by whoever gives up root.
        var read = new HashSet<string>(StringComparer.Ordinal) { "AGENT_USER" };
        AgentOptions.Load(name =>
        {
            read.Add(name);
            return null;
        });
        Documented.Keys.ShouldBe(read, ignoreOrder: true);
    }

    [Fact]
    public void Every_documented_default_can_be_written_and_changes_nothing()
    {
        var defaults = Documented.Where(variable => variable.Value.StartsWith('`') && variable.Value.EndsWith('`'))
            .ToDictionary(variable => variable.Key, variable => variable.Value.Trim('`'), StringComparer.Ordinal);
        defaults.Count.ShouldBeGreaterThan(10);
        // What the agent does by itself where these are not set is not an option's value.
        foreach (var name in new[] { "DOCKER_HOST", "DOCKER_CERT_PATH", "AGENT_STACKS_DIR" })
        {
            defaults.Remove(name).ShouldBeTrue();
        }

        var (options, errors) = AgentOptions.Load(name => name == "DOCKMON_URL" ? "wss://host" : defaults.GetValueOrDefault(name));
        errors.ShouldBeEmpty();
        options.ShouldBe(AgentOptions.Load(name => name == "DOCKMON_URL" ? "wss://host" : null).Options);
    }

    private static string AgentSection()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "configuration.md"));
        return page[page.IndexOf("## dockmon-agent", StringComparison.Ordinal)..page.IndexOf("## dockmon-hub", StringComparison.Ordinal)];
    }

    [GeneratedRegex(@"^\| `([A-Z_]+)` \|([^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex Rows();
}
