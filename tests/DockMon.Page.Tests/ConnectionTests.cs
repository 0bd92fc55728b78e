using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using DockMon.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DockMon.Page.Tests;

/// <summary>A hub that goes and comes back, a long way to it, and two who look at the same.</summary>
public sealed class ConnectionTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_hub_that_comes_back_is_followed_again_with_what_has_happened_meanwhile()
    {
        await using var scene = await Scene.StartAsync(browser, Ct);
        var name = scene.Containers.NewName();
        await scene.Containers.RunAsync([], Ct, name: name);
        await scene.GoAsync("/containers?q=" + name);
        var row = scene.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = name });
        await Expect(row).ToContainTextAsync("running");

        await scene.Hub.DisposeAsync();
        await Expect(scene.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("No connection to the hub");
        await Expect(row).ToContainTextAsync("running");
        await new DockerCli().RunAsync(["kill", name], Ct);
        scene.StartHub();
        await Expect(scene.Page.GetByText("No connection to the hub")).ToHaveCountAsync(0);
        await Expect(row).ToContainTextAsync("exited");
        scene.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task Over_a_long_way_an_action_answers_at_once_and_shows_its_end()
    {
        await using var scene = await Scene.StartAsync(browser, Ct);
        var name = scene.Containers.NewName();
        await scene.Containers.RunAsync([], Ct, name: name);
        await using var way = FaultProxy.Start(new Uri(scene.Address).Port);
        await scene.Page.GotoAsync($"http://127.0.0.1:{way.Port}/containers?q={name}");
        await scene.Page.GetByRole(AriaRole.Link, new() { Name = name }).ClickAsync();
        way.Delay = TimeSpan.FromMilliseconds(400);

        await scene.Page.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await Expect(scene.Page.Locator(".toast.busy")).ToContainTextAsync($"Stop {name}…");
        await Expect(scene.Page.Locator("header .state")).ToHaveTextAsync("exited");
        await Expect(scene.Page.Locator(".toast.good")).ToContainTextAsync($"Stop {name}: done");
        scene.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_a_browser_gives_up_to_load_is_loaded_again()
    {
        await using var scene = await Scene.StartAsync(browser, Ct);
        var name = scene.Containers.NewName();
        var id = await scene.Containers.RunAsync([], Ct, name: name);
        var host = (await scene.Api.GetAsync("/api/hosts", Ct))[0].GetProperty("id").GetString()!;

        // As when the network of the machine changes, once for each file: but for what loads the others. Nothing is in the cache of this browser.
        await using var context = await browser.NewContextAsync();
        await context.AddCookiesAsync((await scene.Page.Context.CookiesAsync()).Select(cookie => new Cookie
        {
            Name = cookie.Name,
            Value = cookie.Value,
            Domain = cookie.Domain,
            Path = cookie.Path,
        }));
        var given = new ConcurrentDictionary<string, bool>();
        await context.RouteAsync(
            new Regex("/assets/(main|terminal)-"),
            route => given.TryAdd(route.Request.Url, true) ? route.AbortAsync("internetdisconnected") : route.ContinueAsync());
        var page = await context.NewPageAsync();
        await page.GotoAsync($"{scene.Address}/containers/{host}/{id}");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = name })).ToBeVisibleAsync();
        given.Keys.Count(url => url.EndsWith(".css", StringComparison.Ordinal)).ShouldBe(1);
        given.Keys.Count(url => url.Contains("/main-", StringComparison.Ordinal)).ShouldBe(2);
        await page.GetByRole(AriaRole.Link, new() { Name = "Terminal" }).ClickAsync();
        await Expect(page.Locator(".xterm-rows")).ToBeVisibleAsync();
        given.Count.ShouldBe(3);
    }

    [Fact]
    public async Task What_one_browser_does_the_other_sees()
    {
        await using var scene = await Scene.StartAsync(browser, Ct);
        var name = scene.Containers.NewName();
        var id = await scene.Containers.RunAsync([], Ct, name: name);
        var host = (await scene.Api.GetAsync("/api/hosts", Ct))[0].GetProperty("id").GetString()!;
        // The other one is a phone.
        await using var context = await browser.NewContextAsync(width: 390, height: 800);
        var other = await context.NewPageAsync();
        await other.GotoAsync($"{scene.Address}/containers/{host}/{id}");
        await other.GetByLabel("Name").FillAsync(Scene.User);
        await other.GetByLabel("Password").FillAsync(Scene.Password);
        await other.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
        await Expect(other.Locator("header .state")).ToHaveTextAsync("running");

        await scene.GoAsync($"/containers/{host}/{id}");
        await scene.Page.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await Expect(other.Locator("header .state")).ToHaveTextAsync("exited");
        await Expect(other.GetByRole(AriaRole.Button, new() { Name = "Stop" })).ToHaveCountAsync(0);
        await other.GetByRole(AriaRole.Button, new() { Name = "Start" }).ClickAsync();
        await Expect(scene.Page.Locator("header .state")).ToHaveTextAsync("running");
        scene.Problems.ShouldBeEmpty();
    }
}
