using DockMon.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DockMon.Page.Tests;

/// <summary>Images, networks and volumes of a host: on an engine of the test's own, which it may prune.</summary>
public sealed class ResourceTests(Browser browser)
{
    private static readonly RouteFulfillOptions TooLate = new()
    {
        Status = 504,
        ContentType = "application/problem+json",
        Body = """{"type":"urn:dockmon:problem:agent_timeout","title":"Gateway Timeout","detail":"the agent did not answer within 30 s (timeout)"}""",
    };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ColorScheme.Light, 1440)]
    [InlineData(ColorScheme.Dark, 1440)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task What_is_unused_is_seen_before_it_is_removed(ColorScheme theme, int width)
    {
        var look = $"{(width < 500 ? "phone" : "desk")}-{theme}".ToLowerInvariant();
        await using var engine = await PrivateEngine.StartAsync(Ct);
        var docker = engine.Docker;
        await using var scene = await Scene.StartHubAsync(browser, Ct, theme, width, docker: docker);
        await scene.StartAgentAsync("this-machine", Ct);
        await scene.SetUpAsync();
        await MakeAsync(docker);
        var page = scene.Page;
        var dialog = page.GetByRole(AriaRole.Dialog);
        var host = (await scene.Api.GetAsync("/api/hosts", Ct))[0].GetProperty("id").GetString()!;

        await scene.GoAsync($"/hosts/{host}/images");
        await Expect(Row("shop/web:1").GetByRole(AriaRole.Link, new() { Name = "web" })).ToBeVisibleAsync();
        await scene.LookAtAsync("images-" + look);
        await page.GetByRole(AriaRole.Button, new() { Name = "Unused" }).ClickAsync();
        await Expect(Row("shop/web:1")).ToHaveCountAsync(0);
        await Expect(Row("shop/old:1")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Prune…" }).ClickAsync();
        await Expect(dialog.GetByLabel("Will go")).ToContainTextAsync("shop/old:1");
        await Expect(dialog.GetByLabel("Will go")).ToContainTextAsync("shop/other:1");
        await Expect(dialog.GetByLabel("Stays")).ToContainTextAsync("used by sleeper, web");
        await scene.LookAtAsync("prune-images-" + look);

        // Nothing goes that was not shown.
        await docker.RunAsync(["tag", "shop/old:1", "shop/late:1"], Ct);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Prune" }).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync("changed meanwhile");
        await Expect(dialog.GetByLabel("Will go")).ToContainTextAsync("shop/late:1");
        (await docker.RunAsync(["images", "-q", "shop/old"], Ct)).ShouldNotBeEmpty();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Prune" }).ClickAsync();
        await Expect(page.Locator(".toast.good")).ToContainTextAsync("Removed 2 images");
        await Expect(Row("shop/old:1")).ToHaveCountAsync(0);
        (await docker.RunAsync(["images", "--format", "{{.Repository}}:{{.Tag}}", "shop/*"], Ct)).ShouldBe("shop/web:1");

        // What is not answered in time is asked for again without anybody doing anything.
        var isLate = true;
        await page.RouteAsync("**/api/hosts/*/networks", route => Volatile.Read(ref isLate) ? route.FulfillAsync(TooLate) : route.ContinueAsync());
        await scene.GoAsync($"/hosts/{host}/networks");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The agent did not answer within 30 s (timeout).");
        Volatile.Write(ref isLate, false);
        await Expect(Row("front")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveCountAsync(0);
        await scene.LookAtAsync("networks-" + look);
        await page.GetByRole(AriaRole.Button, new() { Name = "Prune…" }).ClickAsync();
        await Expect(dialog.GetByLabel("Will go")).ToContainTextAsync("sleeper cannot be started without it");
        await Expect(dialog.GetByLabel("Stays")).ToContainTextAsync("front");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Prune" }).ClickAsync();
        await Expect(Row("back")).ToHaveCountAsync(0);
        (await docker.RunAsync(["network", "ls", "--format", "{{.Name}}"], Ct)).Split('\n').Order()
            .ShouldBe(["bridge", "front", "host", "none"]);

        await scene.GoAsync($"/hosts/{host}/volumes");
        await page.GetByRole(AriaRole.Row).Filter(new() { HasText = "letters" }).GetByRole(AriaRole.Checkbox).CheckAsync();
        await page.GetByRole(AriaRole.Row).Filter(new() { HasText = "kept" }).GetByRole(AriaRole.Checkbox).CheckAsync();
        await scene.LookAtAsync("volumes-" + look);
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove 2" }).ClickAsync();
        await Expect(dialog.GetByLabel("Stays")).ToContainTextAsync("used by web");
        await Expect(dialog.GetByLabel("Will go")).ToContainTextAsync("letters");
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Remove" })).ToBeDisabledAsync();
        await dialog.GetByLabel("Type letters to go on").FillAsync("letters");
        await scene.LookAtAsync("remove-volumes-" + look);
        await page.Keyboard.PressAsync("Enter");
        await Expect(Row("letters")).ToHaveCountAsync(0);
        (await docker.RunAsync(["volume", "ls", "-q"], Ct)).ShouldBe("kept");
        scene.Problems.ShouldBeEmpty();

        ILocator Row(string text) => page.GetByRole(AriaRole.Row).Filter(new() { HasText = text });
    }

    private static async Task MakeAsync(DockerCli docker)
    {
        await docker.RunAsync(["tag", TestImage.Name, "shop/web:1"], Ct);
        foreach (var name in new[] { "shop/old:1", "shop/other:1" })
        {
            var container = await docker.RunAsync(["create", TestImage.Name], Ct);
            await docker.RunAsync(["commit", "--change", "LABEL name=" + name, container, name], Ct);
            await docker.RunAsync(["rm", container], Ct);
        }

        await docker.RunAsync(["rmi", TestImage.Name], Ct);
        await docker.RunAsync(["network", "create", "front"], Ct);
        await docker.RunAsync(["network", "create", "back"], Ct);
        await docker.RunAsync(["volume", "create", "letters"], Ct);
        await docker.RunAsync(["run", "-d", "--name", "web", "--network", "front", "-v", "kept:/kept", "shop/web:1", "sleep", "3600"], Ct);
        await docker.RunAsync(["create", "--name", "sleeper", "--network", "back", "shop/web:1", "true"], Ct);
    }
}
