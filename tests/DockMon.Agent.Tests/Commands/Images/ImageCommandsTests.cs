using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Images;
using DockMon.Agent.Policies.Hiding;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Commands.Images;

public sealed class ImageCommandsTests
{
    [Theory]
    [InlineData("""[{"Untagged":"a:1"},{"Deleted":"sha256:a"},{"Deleted":"sha256:layer"},{"Untagged":"b:1"},{"Deleted":"sha256:b"},{"Deleted":"sha256:c"}]""")]
    [InlineData("""[{"Untagged":"a:1"},{"Deleted":"sha256:a"},{"Untagged":"b:1"},{"Untagged":"c:1"},{"Deleted":"sha256:c"}]""")]
    public async Task Pruned_images_are_counted_whatever_lines_the_engine_has_for_them(string lines)
    {
        var prune = "/images/prune?filters=" + Uri.EscapeDataString("""{"dangling":["false"]}""");
        await using var engine = new ScriptedEngine(
            ("/images/json", 200, Ids("a", "b", "c", "used")),
            (prune, 200, $$"""{"ImagesDeleted":{{lines}},"SpaceReclaimed":7}"""));
        engine.BeforeAnswer = path =>
        {
            if (path == prune)
            {
                engine.Set("/images/json", Ids("used", "pulled-meanwhile"));
            }

            return Task.CompletedTask;
        };
        var routes = new Routes();
        new ImageCommands(engine.Client, HiddenContainers.None).AddTo(routes);
        var answer = await routes.Commands[CommandNames.PruneImages].Bind(default).Run(TestContext.Current.CancellationToken);
        var result = JsonElement.Parse(answer);
        result.GetProperty("removed_count").GetInt32().ShouldBe(3);
        result.GetProperty("space_reclaimed").GetInt64().ShouldBe(7);
    }

    private static string Ids(params string[] ids) => $"[{string.Join(',', ids.Select(id => $$"""{"Id":"sha256:{{id}}"}"""))}]";
}
