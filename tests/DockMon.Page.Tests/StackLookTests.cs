using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DockMon.Page.Tests;

/// <summary>The rooms of stacks in both themes and on a phone.</summary>
public sealed class StackLookTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ColorScheme.Light, 1440)]
    [InlineData(ColorScheme.Dark, 1440)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task Rooms_of_stacks_are_good_to_look_at_and_to_listen_to(ColorScheme theme, int width)
    {
        await using var scene = await Scene.StartAsync(browser, Ct, theme, width);
        var (page, look) = (scene.Page, $"{(width < 500 ? "phone" : "desk")}-{theme}".ToLowerInvariant());
        var host = (await scene.Api.GetAsync("/api/hosts", Ct))[0].GetProperty("id").GetString()!;
        var shop = scene.Containers.NewName();
        foreach (var (service, health) in new[] { ("web", "true"), ("db", "true"), ("jobs", "false") })
        {
            await scene.Containers.RunAsync(
                [],
                Ct,
                [
                    "--label", "com.docker.compose.project=" + shop, "--label", "com.docker.compose.service=" + service, "--health-cmd", health,
                    "--health-interval", "1s", "--health-retries", "1", "--label", "com.docker.compose.project.config_files=/opt/shop/compose.yaml",
                ],
                $"{shop}-{service}-1");
        }

        var files = new Dictionary<string, string> { ["compose"] = Files, ["env"] = "# of the database\nPASSWORD=\"a secret\"\nTAG=2\n" };
        await scene.Api.PutAsync($"/api/hosts/{host}/stacks/{shop}?deploy=false", JsonSerializer.Serialize(files), Ct);
        await scene.GoAsync("/stacks?q=" + shop);
        await Expect(page.Locator("tbody .state")).ToHaveTextAsync("unhealthy");
        await scene.LookAtAsync("stacks-" + look);

        await page.GetByRole(AriaRole.Link, new() { Name = shop }).ClickAsync();
        var editor = page.GetByLabel("compose.yaml", new() { Exact = true });
        await Expect(editor).ToContainTextAsync("services");
        await editor.ClickAsync();
        await page.Keyboard.PressAsync("Control+Home");
        await page.Keyboard.InsertTextAsync("# mine\nnmae: shop\n");
        await Expect(page.GetByLabel("findings")).ToContainTextAsync("nmae");
        await scene.LookAtAsync("stack-" + look);
        await page.Keyboard.PressAsync("Control+f");
        await Expect(page.Locator(".cm-search")).ToBeVisibleAsync();
        await scene.LookAtAsync("stack-search-" + look);
        await page.Keyboard.PressAsync("Escape");
        await page.GetByRole(AriaRole.Button, new() { Name = "Review and deploy" }).ClickAsync();
        await Expect(page.Locator(".diff").First).ToBeVisibleAsync();
        await scene.LookAtAsync("stack-review-" + look);
        await page.Keyboard.PressAsync("Escape");
        await page.GetByRole(AriaRole.Button, new() { Name = "Take down" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByLabel("Remove its volumes").CheckAsync();
        await scene.LookAtAsync("stack-down-" + look);
        await page.Keyboard.PressAsync("Escape");

        await scene.GoAsync("/stacks/new?name=journal");
        await page.GetByRole(AriaRole.Button, new() { Name = "Look for files" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Look for files" })).ToBeEnabledAsync();
        await scene.LookAtAsync("stack-new-" + look);
        scene.Problems.ShouldBeEmpty();
    }

    private const string Files = """
        # the shop, behind the proxy
        x-common: &common
          restart: unless-stopped
        services:
          web:
            <<: *common
            image: nginx:${TAG:-1}
            ports:
              - "8080:80"
            depends_on: [db]
          db:
            <<: *common
            image: postgres:18
            environment:
              POSTGRES_PASSWORD: ${PASSWORD}
            volumes:
              - data:/var/lib/postgresql
        volumes:
          data:

        """;
}
