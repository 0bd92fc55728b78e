using System.Text.RegularExpressions;
using DockMon.Hub.Access.Permissions;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Page;

/// <summary>What the page makes grey is what the hub would refuse.</summary>
public sealed partial class PageRolesTests
{
    [Fact]
    public async Task Each_action_of_the_page_takes_the_role_that_the_hub_wants()
    {
        var source = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "web/src/data/allowed.ts"), TestContext.Current.CancellationToken);
        var rules = Rule().Matches(source).ToDictionary(match => match.Groups["name"].Value, match => match.Groups["role"].Value);
        rules.Count.ShouldBeGreaterThan(20);
        foreach (var (name, role) in rules.Where(rule => CommandRoles.IsKnown(rule.Key)))
        {
            // Some names are both a command and an operation, which take the same role.
            new[] { CommandRoles.OfCommand(name), CommandRoles.OfOperation(name) }.Min().Name().ShouldBe(role, name);
        }
    }

    [GeneratedRegex(@"^  (?<name>[a-z_]+): \{ role: '(?<role>[a-z]+)'", RegexOptions.Multiline)]
    private static partial Regex Rule();
}
