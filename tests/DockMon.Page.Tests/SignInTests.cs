using DockMon.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DockMon.Page.Tests;

/// <summary>Signing in, in every way there is, and a session that ends while somebody looks at the page.</summary>
public sealed class SignInTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_signs_in_again_is_where_they_were()
    {
        await using var scene = await Scene.StartHubAsync(browser, Ct);
        await scene.SetUpAsync();
        await scene.Page.GetByRole(AriaRole.Link, new() { Name = "Containers" }).ClickAsync();
        await scene.Page.GetByLabel("Filter containers").FillAsync("state:running");

        // As when an admin ends it: the page finds out with what it asks next, its stream for one.
        await scene.Page.EvaluateAsync("fetch('/api/logout', { method: 'POST' }).then(() => null)");
        var dialog = scene.Page.GetByRole(AriaRole.Dialog, new() { Name = "Sign in again" });
        await Expect(dialog).ToContainTextAsync("Your session has ended");
        await scene.PictureAsync("session-ended");
        await Expect(dialog.GetByLabel("Name")).ToHaveValueAsync(Scene.User);
        await scene.Page.Keyboard.PressAsync("Escape");
        await Expect(scene.Page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "session has ended" })).ToBeVisibleAsync();
        await Expect(scene.Page.GetByLabel("Filter containers")).ToHaveValueAsync("state:running");

        await scene.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in again" }).ClickAsync();
        await scene.Page.GetByLabel("Password").FillAsync(Scene.Password);
        await scene.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        await Expect(scene.Page.GetByLabel("Filter containers")).ToHaveValueAsync("state:running");
        scene.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task Who_guesses_is_told_how_long_to_wait()
    {
        await using var scene = await Scene.StartHubAsync(browser, Ct);
        await scene.SetUpAsync();
        await scene.Page.Context.ClearCookiesAsync();
        await scene.GoAsync("/events?q=web");
        for (var i = 0; i < 13; i++)
        {
            await scene.Page.EvaluateAsync(
                """
                fetch('/api/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"name":"ada","password":"x"}' })
                    .then(() => null)
                """);
        }

        await scene.SignInAsync(password: "a wrong password");
        await Expect(scene.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Too many wrong tries. Try again in");
        await Expect(scene.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true })).ToBeEnabledAsync();
        await scene.SignInAsync();
        await Expect(scene.Page.GetByRole(AriaRole.Heading, new() { Name = "Events" })).ToBeVisibleAsync();
        await Expect(scene.Page.GetByLabel("Filter events")).ToHaveValueAsync("web");
    }

    [Fact]
    public async Task The_provider_of_an_organization_signs_in_and_brings_back_to_the_place()
    {
        await using var provider = await FakeProvider.StartAsync(TimeProvider.System, Ct);
        using var folder = new TemporaryFolder();
        var secret = Path.Combine(folder.Path, "secret");
        await File.WriteAllTextAsync(secret, FakeProvider.Secret, Ct);
        await using var scene = await Scene.StartHubAsync(browser, Ct, variables: new Dictionary<string, string>
        {
            ["HUB_OIDC_ISSUER"] = provider.Issuer,
            ["HUB_OIDC_CLIENT_ID"] = FakeProvider.Client,
            ["HUB_OIDC_CLIENT_SECRET_FILE"] = secret,
            ["HUB_OIDC_GROUPS"] = "admins=viewer",
        });
        await scene.GoAsync("/containers?q=state%3Arunning");
        var provided = scene.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in with your organization" });
        await Expect(provided).ToBeVisibleAsync();
        await scene.PictureAsync("sign-in-provider");
        (await scene.AxeAsync()).ShouldBeEmpty();
        await provided.ClickAsync();
        await Expect(scene.Page.GetByLabel("Filter containers")).ToHaveValueAsync("state:running");
        await Expect(scene.Page.Locator(".account summary")).ToHaveTextAsync("anna");
        scene.Problems.ShouldBeEmpty();
    }
}
