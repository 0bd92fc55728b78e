using System.Text.RegularExpressions;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Reading;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies;

/// <summary>docs/policy.md says of every action what each mode does with it, and its examples are policies.</summary>
public sealed partial class PolicyPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "policy.md"));

    [Fact]
    public void The_table_has_every_action_and_what_each_mode_does_with_it()
    {
        var rows = Row().Matches(Page).ToDictionary(row => row.Groups["action"].Value, StringComparer.Ordinal);
        rows.Keys.ShouldBe(HostActions.Groups.Keys, ignoreOrder: true);
        foreach (var (action, row) in rows)
        {
            row.Groups["group"].Value.ShouldBe(ActionSet.NameOf(HostActions.Groups[action]), action);
            foreach (var mode in Enum.GetValues<PolicyMode>())
            {
                var allowed = new HostPolicy { Origin = "test", Mode = mode }.Judge(action, null).Allowed;
                row.Groups[PolicyWords.NameOf(mode)].Value.ShouldBe(allowed ? "allowed" : "refused", $"{action}, {mode}");
            }
        }
    }

    [Fact]
    public void Every_example_is_a_policy()
    {
        var examples = Example().Matches(Page).Select(example => Indent().Replace(example.Value, "")).ToList();
        examples.Count.ShouldBe(2);
        foreach (var example in examples)
        {
            PolicyReader.Read(example, "test", PolicyMode.Full).Errors.ShouldBeEmpty(example);
        }
    }

    [GeneratedRegex(
        @"^\| `(?<action>\w+)` \| `(?<group>\w+)` \| (?<observe>allowed|refused) \| (?<operate>allowed|refused) \| (?<full>allowed|refused) \|$",
        RegexOptions.Multiline)]
    private static partial Regex Row();

    // Indented by four blanks, with a key of a policy in its first line, or after a comment.
    [GeneratedRegex(@"^    (?:# [^\n]*\n    )?(?:mode|create):.*\n(?:    .*\n)*", RegexOptions.Multiline)]
    private static partial Regex Example();

    [GeneratedRegex("^    ", RegexOptions.Multiline)]
    private static partial Regex Indent();
}
