using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DockMon.Page.Tests;

/// <summary>Users, roles, tokens and the audit, and what the page makes of a user who may not.</summary>
public sealed class AccessTests(Browser browser)
{
    private const string Eve = "eve";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_administrator_makes_users_and_tokens_and_finds_it_in_the_audit()
    {
        await using var scene = await Scene.StartHubAsync(browser, Ct);
        await scene.SetUpAsync();
        var page = scene.Page;
        await page.Locator(".account summary").ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Settings" }).ClickAsync();

        var remove = page.GetByRole(AriaRole.Button, new() { Name = "Remove " + Scene.User });
        await Expect(remove).ToHaveAttributeAsync("aria-disabled", "true");
        await remove.ClickAsync(new() { Force = true });
        await Expect(page.Locator(".toast")).ToContainTextAsync("last administrator");

        await page.GetByRole(AriaRole.Button, new() { Name = "Add a user" }).ClickAsync();
        await page.GetByLabel("Name").FillAsync(Eve);
        await page.GetByRole(AriaRole.Button, new() { Name = "Make one" }).ClickAsync();
        await Expect(page.GetByLabel("Password", new() { Exact = true })).Not.ToHaveValueAsync("");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();
        var row = page.GetByRole(AriaRole.Row).Filter(new() { HasText = Eve });
        await Expect(row).ToContainTextAsync("viewer");
        await page.GetByRole(AriaRole.Button, new() { Name = "Change " + Eve }).ClickAsync();
        await page.GetByRole(AriaRole.Radio, new() { Name = "operator" }).CheckAsync();
        await page.GetByLabel("Sees hosts with the tags").FillAsync("web");
        await page.GetByRole(AriaRole.Button, new() { Name = "Change", Exact = true }).ClickAsync();
        await Expect(row).ToContainTextAsync("operatorweb");

        await page.GetByRole(AriaRole.Link, new() { Name = "Tokens" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "New token" }).ClickAsync();
        await page.GetByLabel("What it is for").FillAsync("backup");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make it" }).ClickAsync();
        var value = await page.GetByLabel("token", new() { Exact = true }).TextContentAsync();
        value.ShouldNotBeNull().ShouldStartWith("dmh_");
        await page.GetByRole(AriaRole.Button, new() { Name = "Done" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = "backup" })).ToContainTextAsync("never");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add a host" }).ClickAsync();
        await Expect(page.GetByLabel("command")).ToContainTextAsync("REGISTRATION_TOKEN=");
        await page.GetByRole(AriaRole.Button, new() { Name = "compose" }).ClickAsync();
        await Expect(page.GetByLabel("command")).ToContainTextAsync("services:");
        await page.Keyboard.PressAsync("Escape");
        await page.GetByRole(AriaRole.Button, new() { Name = "Revoke" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Revoke" })).ToHaveCountAsync(0);

        await page.GetByRole(AriaRole.Link, new() { Name = "Audit" }).ClickAsync();
        await Expect(page.Locator(".audit")).ToContainTextAsync("DELETE /api/tokens/{id}");
        await page.GetByLabel("Action begins with").FillAsync("POST /api/users");
        await page.GetByLabel("Action begins with").PressAsync("Enter");
        await Expect(page.Locator(".audit tbody tr")).ToHaveCountAsync(1);
        await Expect(page.Locator(".audit tbody tr")).ToContainTextAsync("user " + Scene.User);
        scene.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_authenticator_app_is_set_up_and_asked_for_from_then_on()
    {
        await using var scene = await Scene.StartHubAsync(browser, Ct);
        await scene.SetUpAsync();
        var page = scene.Page;
        await scene.GoAsync("/account");
        await page.GetByRole(AriaRole.Button, new() { Name = "Set it up" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Img, new() { Name = "QR code" })).ToBeVisibleAsync();
        await scene.PictureAsync("authenticator");
        var secret = await page.GetByLabel("secret", new() { Exact = true }).TextContentAsync() ?? "";
        await page.GetByLabel("Your password").FillAsync(Scene.Password);
        await page.GetByLabel("Code that the app shows now").FillAsync(Code(secret, 0));
        await page.GetByRole(AriaRole.Button, new() { Name = "Confirm" }).ClickAsync();
        var codes = page.GetByRole(AriaRole.List, new() { Name = "recovery codes" }).GetByRole(AriaRole.Listitem);
        await Expect(codes).ToHaveCountAsync(10);
        var recovery = await codes.First.TextContentAsync() ?? "";
        await page.GetByRole(AriaRole.Button, new() { Name = "I have kept them" }).ClickAsync();
        await Expect(page.GetByText("in use")).ToBeVisibleAsync();

        await SignOutAsync(page);
        await scene.SignInAsync();
        await page.GetByLabel("Code of your authenticator app").FillAsync("000000");
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The code is wrong");
        await scene.PictureAsync("sign-in-code");
        (await scene.AxeAsync()).ShouldBeEmpty();

        // The code of now was used for the set-up, and each is good once: the next one is taken already.
        await page.GetByLabel("Code of your authenticator app").FillAsync(Code(secret, 1));
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await Expect(page.GetByText("No hosts yet")).ToBeVisibleAsync();

        await SignOutAsync(page);
        await scene.SignInAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Use a recovery code" }).ClickAsync();
        await page.GetByLabel("Recovery code").FillAsync(recovery.ToLowerInvariant());
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await Expect(page.GetByText("No hosts yet")).ToBeVisibleAsync();
        await scene.GoAsync("/account");
        await Expect(page.Locator("section:has(#sessions) tbody tr")).ToHaveCountAsync(1);
        scene.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_a_viewer_may_not_do_is_grey_and_says_why()
    {
        await using var scene = await Scene.StartAsync(browser, Ct);
        var name = scene.Containers.NewName();
        var id = await scene.Containers.RunAsync(["sleep", "3600"], Ct, name: name);
        await scene.Api.PostAsync("/api/users", $$"""{"name":"{{Eve}}","password":"{{Scene.Password}}","role":"viewer"}""", Ct);
        var host = (await scene.Api.GetAsync("/api/hosts", Ct))[0].GetProperty("id").GetString()!;
        var page = scene.Page;
        await SignOutAsync(page);
        await scene.SignInAsync(Eve);
        await IsGreyAsync(page, "Add a host", "takes the role admin; yours is viewer");

        await scene.GoAsync("/containers?q=" + name);
        await page.GetByLabel("choose row 1").CheckAsync();
        await IsGreyAsync(page, "Stop", "takes the role operator; yours is viewer");
        await scene.GoAsync($"/containers/{host}/{id}");
        foreach (var action in (string[])["Stop", "Restart"])
        {
            await IsGreyAsync(page, action, "takes the role operator; yours is viewer");
        }

        await page.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync(new() { Force = true });
        await Expect(page.Locator(".toast")).ToContainTextAsync("takes the role operator");
        (await scene.AxeAsync()).ShouldBeEmpty();
        await scene.GoAsync($"/containers/{host}/{id}/terminal");
        await Expect(page.Locator(".notice")).ToContainTextAsync("There is no shell here");
        await scene.GoAsync($"/hosts/{host}");
        await IsGreyAsync(page, "Tags", "takes the role admin");
        await IsGreyAsync(page, "Remove", "takes the role admin");
        await scene.GoAsync($"/hosts/{host}/health-checks");
        await Expect(page.Locator(".notice")).ToContainTextAsync("You cannot see the health checks");
        foreach (var tab in (string[])["", "/tokens", "/audit"])
        {
            await scene.GoAsync("/settings" + tab);
            await Expect(page.Locator(".notice")).ToContainTextAsync("You cannot see this");
        }

        scene.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_the_policy_of_a_host_refuses_is_grey_and_says_why()
    {
        await using var scene = await Scene.StartAsync(browser, Ct, variables: new Dictionary<string, string> { ["AGENT_MODE"] = "observe" });
        var name = scene.Containers.NewName();
        var id = await scene.Containers.RunAsync(["sleep", "3600"], Ct, name: name);
        var host = (await scene.Api.GetAsync("/api/hosts", Ct))[0].GetProperty("id").GetString()!;
        await scene.GoAsync($"/containers/{host}/{id}");
        await IsGreyAsync(scene.Page, "Stop", "policy on this host does not allow it (mode observe)");
        await scene.GoAsync($"/containers/{host}/{id}/terminal");
        await Expect(scene.Page.Locator(".notice")).ToContainTextAsync("policy on this host does not allow it");
        await scene.GoAsync($"/hosts/{host}");
        await Expect(scene.Page.Locator(".policy")).ToContainTextAsync("Mode observe");
        scene.Problems.ShouldBeEmpty();
    }

    private static async Task IsGreyAsync(IPage page, string button, string reason)
    {
        var found = page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true });
        await Expect(found).ToHaveAttributeAsync("aria-disabled", "true");
        await Expect(found).ToHaveAttributeAsync("title", new Regex(Regex.Escape(reason)));
    }

    private static async Task SignOutAsync(IPage page)
    {
        await page.Locator(".account summary").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true })).ToBeVisibleAsync();
    }

    /// <summary>The code that an app shows (RFC 6238).</summary>
    /// <param name="secret">The secret as it is typed.</param>
    /// <param name="later">Codes after the present one.</param>
    private static string Code(string secret, int later)
    {
        var bits = string.Concat(secret.Replace(" ", "", StringComparison.Ordinal)
            .Select(c => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        var key = Enumerable.Range(0, bits.Length / 8).Select(at => Convert.ToByte(bits.Substring(at * 8, 8), 2)).ToArray();
        var counter = BitConverter.GetBytes((DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 30) + later);
        Array.Reverse(counter);
#pragma warning disable CA5350 // What the RFC has.
        var hash = HMACSHA1.HashData(key, counter);
#pragma warning restore CA5350
        var at = hash[^1] & 15;
        var number = ((hash[at] & 127) << 24) | (hash[at + 1] << 16) | (hash[at + 2] << 8) | hash[at + 3];
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }
}
