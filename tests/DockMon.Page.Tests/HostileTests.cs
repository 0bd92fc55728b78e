using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DockMon.Page.Tests;

/// <summary>What others write is shown as text, whatever it is.</summary>
public sealed class HostileTests(Browser browser)
{
    private const string Markup = "<img src=x onerror=document.title='taken'>";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Names_and_logs_of_others_are_text()
    {
        await using var scene = await Scene.StartAsync(browser, Ct, hostname: Markup);
        var name = scene.Containers.NewName();
        var id = await scene.Containers.RunAsync(
            ["sh", "-c", $"""echo "{Markup}"; printf '\033]0;taken\007\033[2Jshown\n'; head -c 10000 /dev/zero | tr '\0' x; echo; sleep 3600"""],
            Ct, ["--label", $"com.docker.compose.project={Markup}"], name);
        await Expect(scene.Page.Locator(".card").GetByRole(AriaRole.Link, new() { Name = Markup })).ToBeVisibleAsync();
        var host = (await scene.Api.GetAsync("/api/hosts", Ct))[0].GetProperty("id").GetString()!;

        await scene.GoAsync("/containers?q=" + name); // Other tests' containers may come before it, more than fit.
        await Expect(scene.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = name })).ToContainTextAsync(Markup);
        await scene.GoAsync("/stacks");
        await scene.Page.GetByRole(AriaRole.Link, new() { Name = Markup, Exact = true }).First.ClickAsync();
        await Expect(scene.Page.GetByRole(AriaRole.Heading, new() { Name = Markup })).ToBeVisibleAsync();
        await Expect(scene.Page.Locator(".services")).ToContainTextAsync(name);
        await scene.GoAsync($"/containers/{host}/{id}");
        await Expect(scene.Page.Locator(".facts")).ToContainTextAsync(Markup);
        await scene.GoAsync($"/containers/{host}/{id}/inspect");
        await Expect(scene.Page.Locator("pre")).ToContainTextAsync(Markup);
        await scene.GoAsync($"/containers/{host}/{id}/logs?time=off");
        var log = scene.Page.GetByRole(AriaRole.Log);
        await Expect(log).ToContainTextAsync(Markup);
        await Expect(log.Locator(".line").Filter(new() { HasText = "shown" })).ToHaveTextAsync("shown");
        await Expect(log).ToContainTextAsync(new string('x', 5000));
        await scene.GoAsync("/events");
        await scene.Page.GetByLabel("Filter events").FillAsync(name);
        await Expect(scene.Page.Locator(".timeline li").First).ToContainTextAsync(Markup);
        (await scene.Page.Locator("#room img").CountAsync()).ShouldBe(0);
        (await scene.Page.TitleAsync()).ShouldBe("DockMon");
        scene.Problems.ShouldBeEmpty();
    }
}
