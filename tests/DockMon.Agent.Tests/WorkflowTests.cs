using System.Text.RegularExpressions;
using DockMon.Testing;
using Shouldly;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace DockMon.Agent.Tests;

/// <summary>What the workflows may do, and whose code they run.</summary>
public sealed partial class WorkflowTests
{
    private static readonly string[] Workflows = Directory.GetFiles(Path.Combine(Repository.Root, ".github", "workflows"), "*.yml");

    [Fact]
    public void Every_action_is_pinned_to_a_commit_and_says_which_version_that_is()
    {
        var lines = Workflows.SelectMany(File.ReadAllLines).Where(line => line.Contains("uses:", StringComparison.Ordinal)).ToList();
        lines.Count.ShouldBeGreaterThan(5);
        lines.Where(line => !Pinned().IsMatch(line)).ShouldBeEmpty("write uses: OWNER/NAME@COMMIT # vVERSION");
    }

    [Fact]
    public void Nothing_is_allowed_where_a_job_does_not_say_it_and_no_checkout_keeps_a_token()
    {
        foreach (var workflow in Workflows.Select(Read))
        {
            ((YamlMappingNode)workflow["permissions"]).Children.ShouldBeEmpty();
            foreach (var step in Jobs(workflow).SelectMany(Steps).Where(step => Text(step, "uses").StartsWith("actions/checkout@", StringComparison.Ordinal)))
            {
                Text((YamlMappingNode)step["with"], "persist-credentials").ShouldBe("false");
            }
        }
    }

    [Fact]
    public void What_compiles_or_tests_may_write_nothing_and_what_may_write_sees_no_key()
    {
        var jobs = Workflows.Select(Read).SelectMany(Jobs).ToList();
        jobs.Where(MayWrite).ShouldHaveSingleItem();
        foreach (var job in jobs)
        {
            var runs = string.Join('\n', Steps(job).Select(step => Text(step, "run")));
            string[] compilers = ["./test", "eng/release", "eng/reproducible", "eng/fuzz", "dotnet "];
            var compiles = compilers.Any(word => runs.Contains(word, StringComparison.Ordinal));
            var hasKey = job.ToString().Contains("secrets.RELEASE_KEY", StringComparison.Ordinal);
            (MayWrite(job) && (compiles || hasKey)).ShouldBeFalse(runs);
        }
    }

    private static YamlMappingNode Read(string path)
    {
        using var reader = new StreamReader(path);
        var yaml = new YamlStream();
        yaml.Load(reader);
        return (YamlMappingNode)yaml.Documents.Single().RootNode;
    }

    private static IEnumerable<YamlMappingNode> Jobs(YamlMappingNode workflow) => ((YamlMappingNode)workflow["jobs"]).Children.Values.Cast<YamlMappingNode>();

    private static IEnumerable<YamlMappingNode> Steps(YamlMappingNode job) => ((YamlSequenceNode)job["steps"]).Cast<YamlMappingNode>();

    private static bool MayWrite(YamlMappingNode job) => ((YamlMappingNode)job["permissions"]).Children.Values.Any(right => right.ToString() != "read");

    private static string Text(YamlMappingNode node, string key) => node.Children.TryGetValue(key, out var value) ? value.ToString() : "";

    [GeneratedRegex(@"uses: [\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")]
    private static partial Regex Pinned();
}
