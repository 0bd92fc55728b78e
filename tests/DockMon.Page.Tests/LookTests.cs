using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DockMon.Page.Tests;

/// <summary>Each room in both themes and on a phone: axe has nothing to say, nothing is wider than the screen, and pictures are kept.</summary>
public sealed class LookTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ColorScheme.Light, 1440)]
    [InlineData(ColorScheme.Dark, 1440)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task Rooms_are_good_to_look_at_and_to_listen_to(ColorScheme theme, int width)
    {
        await using var scene = await Scene.StartHubAsync(browser, Ct, theme, width);
        var look = $"{(width < 500 ? "phone" : "desk")}-{theme}".ToLowerInvariant();
        await scene.Page.GotoAsync(scene.SetUpLink);
        await Expect(scene.Page.GetByRole(AriaRole.Button, new() { Name = "Make the user" })).ToBeVisibleAsync();
        await scene.LookAtAsync("sign-in-" + look);
        await scene.SetUpAsync();
        await scene.LookAtAsync("empty-" + look);
        await scene.Page.GetByRole(AriaRole.Button, new() { Name = "Add a host" }).ClickAsync();
        await Expect(scene.Page.GetByLabel("command")).ToContainTextAsync("REGISTRATION_TOKEN=");
        await scene.LookAtAsync("add-host-" + look);
        await scene.Page.Keyboard.PressAsync("Escape");
        await scene.StartAgentAsync("this-machine", Ct);
        var name = scene.Containers.NewName();
        var id = await scene.Containers.RunAsync(
            [
                "sh", "-c",
                """
                while true; do echo "$(date -Iseconds) INFO served /index.html"; echo 'WARN slow answer'
                printf '\033[31mERROR\033[0m upstream is away\n'; sleep 1; done
                """,
            ],
            Ct, name: name);
        await Expect(scene.Page.Locator(".card .spark polyline").First).ToBeAttachedAsync();
        await scene.LookAtAsync("hosts-" + look);
        await scene.GoAsync("/containers?q=" + name); // Other tests' containers may come before it, more than fit.
        await Expect(scene.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = name })).ToBeVisibleAsync();
        await scene.LookAtAsync("containers-" + look);
        await scene.Page.Keyboard.PressAsync("Control+k");
        await scene.Page.GetByRole(AriaRole.Combobox).FillAsync("this");
        await scene.LookAtAsync("find-" + look);
        await scene.Page.Keyboard.PressAsync("Escape");

        var host = (await scene.Api.GetAsync("/api/hosts", Ct))[0].GetProperty("id").GetString()!;
        await scene.GoAsync($"/containers/{host}/{id}");
        await Expect(scene.Page.GetByRole(AriaRole.Heading, new() { Name = name })).ToBeVisibleAsync();
        await scene.LookAtAsync("container-" + look);
        await scene.GoAsync($"/containers/{host}/{id}/charts?range=5+min");
        await Expect(scene.Page.Locator("canvas").First).ToBeVisibleAsync();
        await scene.LookAtAsync("charts-" + look);
        await scene.GoAsync($"/hosts/{host}");
        await Expect(scene.Page.Locator(".list")).ToContainTextAsync(name);
        await scene.LookAtAsync("host-" + look);
        await scene.GoAsync("/events");
        await Expect(scene.Page.Locator(".timeline li").First).ToBeVisibleAsync();
        await scene.LookAtAsync("events-" + look);
        await scene.GoAsync($"/containers/{host}/{id}/logs");
        await Expect(scene.Page.GetByRole(AriaRole.Log)).ToContainTextAsync("upstream is away");
        await scene.LookAtAsync("logs-" + look);
        scene.Problems.ShouldBeEmpty();
    }
}
