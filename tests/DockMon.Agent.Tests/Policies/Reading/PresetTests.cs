using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Reading;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies.Reading;

/// <summary>packaging/policies has a policy for each mode.</summary>
public sealed class PresetTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "packaging", "policies");

    [Fact]
    public void There_is_one_for_each_mode_and_its_name_says_which()
    {
        foreach (var mode in Enum.GetValues<PolicyMode>())
        {
            Read(File.ReadAllText(Path.Combine(Folder, PolicyWords.NameOf(mode) + ".yaml"))).Mode.ShouldBe(mode);
        }

        Directory.GetFiles(Folder).Length.ShouldBe(Enum.GetValues<PolicyMode>().Length);
    }

    [Theory]
    [InlineData("observe")]
    [InlineData("operate")]
    [InlineData("full")]
    public void What_is_only_suggested_in_it_is_right_as_well(string name)
    {
        var lines = File.ReadAllLines(Path.Combine(Folder, name + ".yaml"));
        // Of the comments, those that are keys or belong to one.
        var suggested = lines.Select(line => line.StartsWith("# ", StringComparison.Ordinal) && IsYaml(line[2..]) ? line[2..] : line);
        Read(string.Join('\n', suggested.Select(line => line.StartsWith("  # images", StringComparison.Ordinal) ? "  " + line[4..] : line)))
            .ShouldNotBe(Read(string.Join('\n', lines)), "nothing was suggested");
    }

    [Fact]
    public void The_full_one_keeps_the_host()
    {
        var policy = Read(File.ReadAllText(Path.Combine(Folder, "full.yaml")));
        policy.Judge(HostActions.Shell, null).Allowed.ShouldBeFalse();
        (policy.Create.Privileged, policy.Create.HostNamespaces).ShouldBe((false, false));
    }

    private static bool IsYaml(string text) =>
        text.StartsWith("  ", StringComparison.Ordinal) || new[] { "allow:", "deny:", "containers:", "create:", "audit:" }.Any(text.StartsWith);

    private static HostPolicy Read(string text)
    {
        var (policy, errors) = PolicyReader.Read(text, "test");
        errors.ShouldBeEmpty();
        return policy.ShouldNotBeNull();
    }
}
