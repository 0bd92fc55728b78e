using System.Text.RegularExpressions;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>The table of docs/policy.md is true: each action is asked for in each mode, and the engine is looked at afterwards.</summary>
public sealed partial class PolicyTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_mode_does_what_the_table_says_with_every_action()
    {
        var table = Row().Matches(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "policy.md"), Token));
        await using var engine = await PrivateEngine.StartAsync(Token);
        await using var registry = await LocalRegistry.StartAsync(Token, namespaceId: engine.NamespaceId);
        using var folder = new TemporaryFolder();
        await using var site = await StaticSite.StartAsync(folder.Path, Token);
        var first = await registry.PublishAsync(engine.Docker, "app:1", [], Token);
        var path = $"{Path.Combine(Repository.Root, "artifacts/tools/compose")}:{Environment.GetEnvironmentVariable("PATH")}";
        var wrong = new List<string>();
        foreach (var mode in new[] { "observe", "operate", "full" })
        {
            await using var installation = await Installation.StartAsync(
                Token,
                engine.Host,
                new Dictionary<string, string> { ["AGENT_MODE"] = mode, ["SELF_UPDATE"] = "any", ["PATH"] = path });
            // Not here yet when it is to be pulled.
            var second = await registry.PublishAsync(engine.Docker, $"app:{mode}", [$"LABEL mode={mode}"], Token);
            var remote = await registry.PublishAsync(engine.Docker, $"remote:{mode}", [$"LABEL remote={mode}"], Token);
            await engine.Docker.RunAsync(["rmi", second, remote], Token);
            using var scene = new PolicyScene(engine, installation, site, new(first, second, remote), Token);
            scene.Actions.Keys.ShouldBe(table.Select(row => row.Groups["action"].Value), ignoreOrder: true);
            foreach (var (action, ask) in scene.Actions)
            {
                var expected = table.Single(row => row.Groups["action"].Value == action).Groups[mode].Value;
                if ((await ask()).Word is var word && word != expected)
                {
                    wrong.Add($"{mode}: {action} was to be {expected}, and was {word}");
                }
            }
        }

        wrong.ShouldBeEmpty();
    }

    [GeneratedRegex(
        @"^\| `(?<action>\w+)` \| `\w+` \| (?<observe>allowed|refused) \| (?<operate>allowed|refused) \| (?<full>allowed|refused) \|$",
        RegexOptions.Multiline)]
    private static partial Regex Row();
}
