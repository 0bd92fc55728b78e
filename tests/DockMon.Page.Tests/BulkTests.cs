using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DockMon.Page.Tests;

/// <summary>What is done with several containers at once.</summary>
public sealed class BulkTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Several_containers_are_stopped_after_a_question_and_stay_chosen_to_be_started_again()
    {
        await using var scene = await Scene.StartAsync(browser, Ct);
        var name = scene.Containers.NewName();
        foreach (var end in (string[])["-a", "-b"])
        {
            await scene.Containers.RunAsync([], Ct, name: name + end);
        }

        var (page, rows) = (scene.Page, scene.Page.Locator("tbody tr"));
        await scene.GoAsync("/containers?q=" + name);
        await Expect(rows).ToHaveCountAsync(2);
        foreach (var row in await rows.AllAsync())
        {
            await row.GetByRole(AriaRole.Checkbox).CheckAsync();
        }

        var (toolbar, dialog) = (page.GetByRole(AriaRole.Toolbar, new() { Name = "2 chosen" }), page.GetByRole(AriaRole.Dialog));
        var stop = toolbar.GetByRole(AriaRole.Button, new() { Name = "Stop" });
        await stop.ClickAsync();
        await Expect(dialog).ToContainTextAsync("Stop 2 containers?");
        await Expect(dialog).ToContainTextAsync($"{name}-a, {name}-b, on this-machine.");
        await page.Keyboard.PressAsync("Escape");
        await Expect(dialog).ToHaveCountAsync(0);
        await stop.ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Stop" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(rows.GetByText("exited")).ToHaveCountAsync(2);

        await toolbar.GetByRole(AriaRole.Button, new() { Name = "Start", Exact = true }).ClickAsync();
        await Expect(rows.GetByText("running")).ToHaveCountAsync(2);
        scene.Problems.ShouldBeEmpty();
    }
}
