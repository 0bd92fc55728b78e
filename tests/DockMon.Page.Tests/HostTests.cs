using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DockMon.Page.Tests;

/// <summary>What is done with a host itself: its health checks and tags, adding and removing it.</summary>
public sealed class HostTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_health_check_is_added_changed_and_removed_and_its_results_come()
    {
        await using var scene = await Scene.StartAsync(browser, Ct);
        var page = scene.Page;
        var name = scene.Containers.NewName();
        await scene.Containers.RunAsync(["sleep", "3600"], Ct, name: name);
        var host = (await scene.Api.GetAsync("/api/hosts", Ct))[0].GetProperty("id").GetString()!;
        await scene.GoAsync($"/hosts/{host}/health-checks");
        await Expect(page.GetByText("no health checks on this host yet")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Add a check" }).ClickAsync();
        await page.GetByLabel("Container").SelectOptionAsync(new SelectOptionValue { Label = name });
        await page.GetByLabel("Address").FillAsync(scene.Address + "/health");
        await page.GetByLabel("Every, seconds").FillAsync("1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        var row = page.GetByRole(AriaRole.Row).Filter(new() { HasText = name });
        await Expect(row.Locator(".state")).ToHaveTextAsync("healthy");
        await Expect(row).ToContainTextAsync("status 200");

        await page.GetByRole(AriaRole.Button, new() { Name = "Edit the check of " + name }).ClickAsync();
        await page.GetByLabel("Expected status").FillAsync("204");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(row.Locator(".state")).ToHaveTextAsync("unhealthy");
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove the check of " + name }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
        await Expect(page.GetByText("no health checks on this host yet")).ToBeVisibleAsync();
        scene.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_host_is_added_gets_tags_and_is_removed()
    {
        await using var scene = await Scene.StartHubAsync(browser, Ct);
        await scene.SetUpAsync();
        var page = scene.Page;
        await page.GetByRole(AriaRole.Button, new() { Name = "Add a host" }).ClickAsync();
        await Expect(page.GetByText("Waiting for the host")).ToBeVisibleAsync();
        await scene.StartAgentAsync("this-machine", Ct);
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Link, new() { Name = "this-machine" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "this-machine" })).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Tags" }).ClickAsync();
        await page.GetByLabel("Tags", new() { Exact = true }).FillAsync("Web, production");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.Locator("header .tags")).ToHaveTextAsync("productionweb");

        await page.GetByRole(AriaRole.Button, new() { Name = "Remove", Exact = true }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Remove this-machine?" });
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Remove" })).ToBeDisabledAsync();
        await dialog.GetByRole(AriaRole.Textbox).FillAsync("this-machine");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
        await Expect(page.GetByText("No hosts yet")).ToBeVisibleAsync();
        scene.Problems.ShouldBeEmpty();
    }
}
