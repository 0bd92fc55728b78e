using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DockMon.Page.Tests;

/// <summary>The settings, the account and the health checks in both themes and on a phone.</summary>
public sealed class SettingsLookTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ColorScheme.Light, 1440)]
    [InlineData(ColorScheme.Dark, 1440)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task Rooms_are_good_to_look_at_and_to_listen_to(ColorScheme theme, int width)
    {
        await using var scene = await Scene.StartAsync(browser, Ct, theme, width);
        var page = scene.Page;
        var look = $"{(width < 500 ? "phone" : "desk")}-{theme}".ToLowerInvariant();
        var name = scene.Containers.NewName();
        var id = await scene.Containers.RunAsync(["sleep", "3600"], Ct, name: name);
        var host = (await scene.Api.GetAsync("/api/hosts", Ct))[0].GetProperty("id").GetString()!;
        await scene.Api.PutAsync($"/api/hosts/{host}/tags", """{"tags":["production","web"]}""", Ct);
        await scene.Api.PostAsync("/api/users", $$"""{"name":"eve","password":"{{Scene.Password}}","role":"operator","tags":["web"]}""", Ct);
        await scene.Api.PostAsync("/api/access-tokens", """{"name":"backup","role":"viewer","days":90}""", Ct);
        await scene.Api.PostAsync("/api/tokens", null, Ct);
        await scene.Api.PutAsync(
            $"/api/hosts/{host}/health-checks", $$"""[{"container_id":"{{id}}","url":"{{scene.Address}}/health","check_interval_seconds":1}]""", Ct);

        await scene.GoAsync("/settings");
        await Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = "eve" })).ToBeVisibleAsync();
        await scene.LookAtAsync("users-" + look);
        await page.GetByRole(AriaRole.Button, new() { Name = "Change eve" }).ClickAsync();
        await scene.LookAtAsync("user-" + look);
        await scene.GoAsync("/settings/tokens");
        await Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = "backup" })).ToBeVisibleAsync();
        await scene.LookAtAsync("tokens-" + look);
        await page.GetByRole(AriaRole.Button, new() { Name = "New token" }).ClickAsync();
        await scene.LookAtAsync("new-token-" + look);
        await scene.GoAsync("/settings/audit");
        await Expect(page.Locator(".audit tbody tr").First).ToBeVisibleAsync();
        await scene.LookAtAsync("audit-" + look);
        await scene.GoAsync("/settings/about");
        await Expect(page.Locator(".facts")).ToContainTextAsync("answers");
        await scene.LookAtAsync("about-" + look);
        await scene.GoAsync("/account");
        await Expect(page.Locator("tbody tr").First).ToBeVisibleAsync();
        await scene.LookAtAsync("account-" + look);
        await page.GetByRole(AriaRole.Button, new() { Name = "Set it up" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Img, new() { Name = "QR code" })).ToBeVisibleAsync();
        await scene.LookAtAsync("authenticator-" + look);
        await scene.GoAsync($"/hosts/{host}/health-checks");
        await Expect(page.GetByText("status 200")).ToBeVisibleAsync();
        await scene.LookAtAsync("health-checks-" + look);
        await page.GetByRole(AriaRole.Button, new() { Name = "Edit the check of " + name }).ClickAsync();
        await scene.LookAtAsync("health-check-" + look);
        await scene.GoAsync($"/hosts/{host}");
        await page.GetByText("Each action").ClickAsync();
        await scene.LookAtAsync("host-policy-" + look);
        scene.Problems.ShouldBeEmpty();
    }
}
