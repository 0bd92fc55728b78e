using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DockMon.Page.Tests;

/// <summary>What a compose file has in it is shown as text, however long it is, and nothing of it hides.</summary>
public sealed class HostileStackTests(Browser browser)
{
    private const string Markup = "<img src=x onerror=document.title='taken'>";
    private const string Script = "<script>document.title='taken'</script>";
    private const int FileBytes = 1_000_000;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_compose_file_of_others_is_text_in_the_editor_and_in_the_review()
    {
        await using var scene = await Scene.StartAsync(browser, Ct);
        var page = scene.Page;
        var host = (await scene.Api.GetAsync("/api/hosts", Ct))[0].GetProperty("id").GetString()!;
        var compose = $"""
            # {Script} {'\u202e'}turned around{'\u200b'}
            services:
              web:
                image: "{Markup}"
                "{Markup}": unknown
                command: "{new string('x', 20_000)}"

            """;
        var files = new Dictionary<string, string>
        {
            ["compose"] = compose + string.Concat(Enumerable.Repeat("# a line of many\n", (FileBytes - compose.Length) / 17)),
            ["env"] = $"WHO={Markup}\n",
        };
        await scene.Api.PutAsync($"/api/hosts/{host}/stacks/hostile?deploy=false", JsonSerializer.Serialize(files), Ct);

        await scene.GoAsync($"/stacks/{host}/hostile");
        var editor = page.GetByLabel("compose.yaml", new() { Exact = true });
        await Expect(editor).ToContainTextAsync(Script);
        await Expect(editor.Locator(".cm-specialChar")).ToHaveCountAsync(2);
        await Expect(page.GetByLabel(".env", new() { Exact = true })).ToContainTextAsync(Markup);
        await Expect(page.GetByLabel("findings")).ToContainTextAsync($"Compose knows no {Markup}:");
        await scene.PictureAsync("stack-hostile");

        await StackTests.SkipWithoutComposeAsync(scene);
        await page.GetByRole(AriaRole.Button, new() { Name = "Review and deploy" }).ClickAsync();
        var review = page.GetByRole(AriaRole.Dialog);
        await Expect(review.Locator(".diff").First).ToContainTextAsync(Script + " �turned around�");
        await Expect(review).ToContainTextAsync("more lines, in the editor");
        await Expect(review).ToContainTextAsync("WHO=" + Markup);
        await scene.PictureAsync("stack-hostile-review");
        await review.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();

        // The editor has empty pictures of its own beside what it shows in place of such characters.
        (await page.Locator("#room img:not(.cm-widgetBuffer), #room script").CountAsync()).ShouldBe(0);
        (await page.TitleAsync()).ShouldBe("DockMon");
        (await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth")).ShouldBe(0);
        scene.Problems.ShouldBeEmpty();
    }
}
