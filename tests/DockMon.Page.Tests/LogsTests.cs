using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DockMon.Page.Tests;

/// <summary>The room of logs: real containers, an agent that follows their logs, a browser.</summary>
public sealed class LogsTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Logs_of_several_containers_are_merged_searched_filtered_and_shown_side_by_side()
    {
        await using var scene = await Scene.StartAsync(browser, Ct);
        var (one, other) = await StartTwoAsync(scene);
        await scene.GoAsync("/logs");
        await Expect(scene.Page.GetByText("Whose logs?")).ToBeVisibleAsync();
        await scene.Page.Keyboard.PressAsync("c");
        await scene.Page.Keyboard.TypeAsync("project:shop");
        await Expect(scene.Page.Locator(".picker").GetByText(one)).ToBeVisibleAsync();
        await Expect(scene.Page.Locator(".picker").GetByText(other)).ToBeVisibleAsync();
        await scene.Page.GetByLabel("all of shop").CheckAsync();
        var log = scene.Page.GetByRole(AriaRole.Log);
        await Expect(log).ToContainTextAsync("first of " + one);
        await Expect(log).ToContainTextAsync("first of " + other);
        await Expect(log.Locator(".source").First).ToHaveTextAsync(one);

        await scene.Page.GetByLabel("Least level").SelectOptionAsync("error");
        await Expect(log.Locator(".line")).ToHaveCountAsync(4);
        await Expect(log.Locator(".line.error").First).ToContainTextAsync("ERROR broken");
        await scene.Page.GetByLabel("Least level").SelectOptionAsync("");

        // The keys alone: search, the one before, the next, and back to the end.
        await log.FocusAsync();
        await scene.Page.Keyboard.PressAsync("/");
        await scene.Page.Keyboard.TypeAsync("/first of .*/");
        await scene.Page.Keyboard.PressAsync("Enter");
        await Expect(log.Locator(".found mark")).ToHaveTextAsync("first of " + other);
        await scene.Page.Keyboard.PressAsync("Escape");
        await scene.Page.Keyboard.PressAsync("N");
        await Expect(log.Locator(".found mark")).ToHaveTextAsync("first of " + one);
        await scene.Page.Keyboard.PressAsync("n");
        await Expect(log.Locator(".found mark")).ToHaveTextAsync("first of " + other);
        await scene.Page.Keyboard.PressAsync("End");
        await Expect(log.Locator(".found")).ToHaveCountAsync(0);

        await scene.Page.Keyboard.PressAsync("v");
        await Expect(log).ToHaveCountAsync(2);
        await Expect(scene.Page.GetByLabel("log of " + one)).ToContainTextAsync("first of " + one);
        await Expect(scene.Page.GetByLabel("log of " + one)).Not.ToContainTextAsync("first of " + other);

        // The address is the state.
        var address = scene.Page.Url;
        await scene.GoAsync("/hosts");
        await scene.Page.GotoAsync(address);
        await Expect(scene.Page.GetByLabel("log of " + other).Locator("mark").First).ToHaveTextAsync("first of " + other);
        scene.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_log_holds_still_while_somebody_reads_and_tells_of_new_lines()
    {
        await using var scene = await Scene.StartAsync(browser, Ct);
        var name = scene.Containers.NewName();
        await scene.Containers.RunAsync(["sh", "-c", "i=0; while true; do i=$((i+1)); echo line $i.; sleep 0.05; done"], Ct, name: name);
        var host = (await scene.Api.GetAsync("/api/hosts", Ct))[0].GetProperty("id").GetString()!;
        await scene.GoAsync($"/logs?c={host}:{name}&time=off");
        var log = scene.Page.GetByRole(AriaRole.Log);
        await Expect(log).ToContainTextAsync("line 100.");
        await log.FocusAsync();
        var news = scene.Page.Locator("button.news");
        // Held in the moment between new lines and the scrolling to them.
        await log.EvaluateAsync("""
            log => new Promise(done => new MutationObserver((_, observer) => {
              log.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true }))
              observer.disconnect()
              requestAnimationFrame(() => requestAnimationFrame(done))
            }).observe(log, { subtree: true, childList: true }))
            """);
        await Expect(news).ToBeVisibleAsync();
        await scene.Page.Keyboard.PressAsync("Home");
        await Expect(log.Locator(".line").First).ToHaveTextAsync("line 1.");
        await Expect(news).ToContainTextAsync(new Regex("[0-9]+ new lines"));
        await Expect(log.Locator(".line").First).ToHaveTextAsync("line 1.");
        await news.ClickAsync();
        await Expect(log.Locator(".line").First).Not.ToHaveTextAsync("line 1.");
        await Expect(news).ToHaveCountAsync(0);

        var download = await scene.Page.RunAndWaitForDownloadAsync(() => scene.Page.GetByRole(AriaRole.Button, new() { Name = "Download" }).ClickAsync());
        download.SuggestedFilename.ShouldBe(name + ".log");
        (await File.ReadAllTextAsync(await download.PathAsync(), Ct)).ShouldContain(" line 1.\n");
        scene.Problems.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(ColorScheme.Light, 1440)]
    [InlineData(ColorScheme.Dark, 1440)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task It_is_good_to_look_at_and_to_listen_to(ColorScheme theme, int width)
    {
        await using var scene = await Scene.StartAsync(browser, Ct, theme, width);
        var look = $"{(width < 500 ? "phone" : "desk")}-{theme}".ToLowerInvariant();
        var (one, other) = await StartTwoAsync(scene);
        var host = (await scene.Api.GetAsync("/api/hosts", Ct))[0].GetProperty("id").GetString()!;
        var both = $"c={host}:{one},{host}:{other}";
        await scene.GoAsync("/logs");
        await Expect(scene.Page.Locator(".picker").GetByText(other)).ToBeVisibleAsync();
        await scene.LookAtAsync("logs-choose-" + look);
        await scene.GoAsync($"/logs?{both}&search=served");
        await Expect(scene.Page.GetByRole(AriaRole.Log).Locator("mark").First).ToBeVisibleAsync();
        await scene.Page.GetByLabel("Search in the log").PressAsync("Enter");
        await Expect(scene.Page.Locator(".found")).ToBeVisibleAsync();
        await scene.LookAtAsync("logs-merged-" + look);
        await scene.GoAsync($"/logs?{both}&view=side&wrap=1&since=2026-01-01T00:00:00Z");
        await Expect(scene.Page.GetByLabel("log of " + other)).ToContainTextAsync("upstream");
        await scene.Page.GetByRole(AriaRole.Button, new() { Name = "Choose containers" }).ClickAsync();
        await scene.LookAtAsync("logs-side-" + look);
        scene.Problems.ShouldBeEmpty();
    }

    /// <summary>
    /// Two containers of one stack that say what programs say, and no more than fits on the screen; their names, in the order of their first lines.
    /// </summary>
    private static async Task<(string One, string Other)> StartTwoAsync(Scene scene)
    {
        var (one, other) = (scene.Containers.NewName() + "-web", scene.Containers.NewName() + "-db");
        foreach (var name in new[] { one, other })
        {
            await scene.Containers.RunAsync(
                [
                    "sh", "-c",
                    $$"""
                    echo first of {{name}}; printf '\033[31mERROR\033[0m broken\n    at main (app.js:1)\n'; i=0
                    while [ $i -lt 6 ]; do i=$((i+1)); echo "INFO served /index.html in $i ms"; echo '{"level":"debug","msg":"cache hit"}'
                    echo 'WARN slow answer of the upstream, which took longer than anybody would wait for it, and is tried again'; sleep 1; done; sleep 3600
                    """,
                ],
                Ct, ["--label", "com.docker.compose.project=shop"], name);
        }

        return (one, other);
    }
}
