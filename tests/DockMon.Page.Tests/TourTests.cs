using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DockMon.Page.Tests;

/// <summary>The way of a new user through the rooms: real hub, real agent, real engine, real browser.</summary>
public sealed class TourTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_user_is_made_by_the_link_that_the_hub_prints()
    {
        await using var scene = await Scene.StartHubAsync(browser, Ct);
        await scene.SetUpAsync();
        await Expect(scene.Page.GetByText("No hosts yet")).ToBeVisibleAsync();
        await scene.Page.Locator(".account summary").ClickAsync();
        await scene.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await scene.Page.GetByLabel("Name").FillAsync(Scene.User);
        await scene.Page.GetByLabel("Password").FillAsync("a wrong password");
        await scene.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(scene.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("wrong");
        await scene.Page.GetByLabel("Password").FillAsync(Scene.Password);
        await scene.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(scene.Page.GetByText("No hosts yet")).ToBeVisibleAsync();
        scene.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_container_is_found_looked_at_stopped_and_started()
    {
        await using var scene = await Scene.StartAsync(browser, Ct);
        var name = scene.Containers.NewName();
        await scene.Containers.RunAsync(
            ["sh", "-c", """for i in $(seq 300); do echo "[info] line $i"; done; printf '\033[31mERROR\033[0m the last one\n'; sleep 3600"""], Ct, name: name);

        await Expect(scene.Page.GetByRole(AriaRole.Link, new() { Name = "this-machine" })).ToBeVisibleAsync();
        await Expect(scene.Page.Locator(".card")).ToContainTextAsync("%");
        await scene.Page.Keyboard.PressAsync("g");
        await scene.Page.Keyboard.PressAsync("c");
        await scene.Page.GetByLabel("Filter containers").FillAsync(name + " state:running");
        var row = scene.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = name });
        await Expect(row).ToContainTextAsync("running");
        await Expect(row).ToContainTextAsync("iB");

        await row.GetByRole(AriaRole.Link, new() { Name = name }).ClickAsync();
        await Expect(scene.Page.GetByRole(AriaRole.Heading, new() { Name = name })).ToBeVisibleAsync();
        await scene.Page.GetByLabel("of this container").GetByRole(AriaRole.Link, new() { Name = "Logs" }).ClickAsync();
        await Expect(scene.Page.GetByRole(AriaRole.Log)).ToContainTextAsync("ERROR the last one");
        await scene.Page.GetByLabel("Least level").SelectOptionAsync("error");
        await Expect(scene.Page.GetByRole(AriaRole.Log).Locator(".line")).ToHaveCountAsync(1);

        await scene.Page.GetByRole(AriaRole.Link, new() { Name = "Terminal" }).ClickAsync();
        // The shell is open then; what is typed before goes nowhere.
        await Expect(scene.Page.Locator(".xterm-helper-textarea")).ToBeFocusedAsync();
        await scene.Page.Locator(".xterm-helper-textarea").PressSequentiallyAsync("echo $((6*7))x\n");
        await Expect(scene.Page.Locator(".xterm-rows")).ToContainTextAsync("42x");

        await scene.Page.GetByRole(AriaRole.Link, new() { Name = "Inspect" }).ClickAsync();
        await Expect(scene.Page.Locator("pre")).ToContainTextAsync("\"RestartPolicy\"");
        await scene.Page.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await Expect(scene.Page.Locator("header .state")).ToHaveTextAsync("exited");
        await scene.Page.GetByRole(AriaRole.Button, new() { Name = "Start" }).ClickAsync();
        await Expect(scene.Page.Locator("header .state")).ToHaveTextAsync("running");
        scene.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_host_that_goes_offline_is_told_first_and_comes_back_by_itself()
    {
        await using var scene = await Scene.StartAsync(browser, Ct);
        await Expect(scene.Page.Locator(".card .state")).ToHaveTextAsync("online");
        scene.Agent.Stop();
        try
        {
            // Only its ping tells the hub that the agent does not answer.
            await Expect(scene.Page.Locator(".attention")).ToContainTextAsync("offline");
        }
        finally
        {
            scene.Agent.Continue();
        }

        await Expect(scene.Page.Locator(".card .state")).ToHaveTextAsync("online");
        // What else runs on this engine may need attention as well.
        await Expect(scene.Page.Locator(".attention").Filter(new() { HasText = "offline" })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Without_the_hub_the_page_says_how_old_it_is_and_comes_back_by_itself()
    {
        await using var scene = await Scene.StartAsync(browser, Ct);
        await Expect(scene.Page.Locator(".card .state")).ToHaveTextAsync("online");
        var killed = scene.Hub;
        killed.Kill();
        await Expect(scene.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("No connection to the hub");
        await Expect(scene.Page.Locator(".stale")).ToContainTextAsync("s old");
        scene.StartHub();
        await killed.DisposeAsync();
        await Expect(scene.Page.Locator(".stale")).ToHaveCountAsync(0);
        await Expect(scene.Page.Locator(".card .state")).ToHaveTextAsync("online");
    }
}
