using DockMon.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DockMon.Page.Tests;

/// <summary>
/// The pictures of the documentation, each room in both themes: taken of the demo's containers and hosts, on an engine with nothing else. They go to
/// <c>artifacts/pictures</c>, and with the variable DOCKMON_WRITE_PICTURES to where the documentation has them.
/// </summary>
public sealed class PicturesTests(Browser browser)
{
    private const string Documented = "docs/pictures/page";

    private static readonly bool Writes = Environment.GetEnvironmentVariable("DOCKMON_WRITE_PICTURES") is { Length: > 0 };

    private static readonly string Folder = Path.Combine(Repository.Root, Writes ? Documented : "artifacts/pictures");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_room_has_its_picture()
    {
        await using var engine = await PrivateEngine.StartAsync(Ct);
        await using var scene = await Scene.StartHubAsync(browser, Ct, docker: engine.Docker);
        await scene.Page.SetViewportSizeAsync(1280, 800);
        await using var show = new Showcase(engine.Docker, scene.Api, scene.Address);
        await show.StartContainersAsync(engine.NamespaceId, Ct);
        await scene.StartAgentAsync("workshop", Ct);
        var host = (await scene.Api.GetAsync("/api/hosts", Ct))[0].GetProperty("id").GetString()!;
        await Task.WhenAll(show.StartHostsAsync(Ct), show.DeployAsync(host, Ct));
        await scene.SetUpAsync();

        async Task<string> OfAsync(string name) =>
            $"/containers/{host}/{await engine.Docker.RunAsync(["inspect", "-f", "{{.Id}}", name], Ct)}";

        // One line a room: the name of its picture, its address, and what is to be seen before the picture is taken.
        (string Name, string Address, Func<IPage, ILocator> Sight)[] rooms =
        [
            ("containers", "/containers", page => page.GetByRole(AriaRole.Row).Filter(new() { HasText = Showcase.Database }).GetByText("unhealthy")),
            ("container", await OfAsync(Showcase.Web), page => page.Locator("header .state").GetByText("healthy")),
            ("logs", await OfAsync(Showcase.Api) + "/logs", page => page.GetByRole(AriaRole.Log).GetByText("ERROR").First),
            ("logs-of-several", $"/logs?c={host}:{Showcase.Api},{host}:{Showcase.Mailer}", page => page.GetByRole(AriaRole.Log).GetByText("ERROR").First),
            ("terminal", await OfAsync(Showcase.Api) + "/terminal", page => page.Locator(".xterm-rows").GetByText("#").First),
            ("stacks", "/stacks", page => page.GetByRole(AriaRole.Link, new() { Name = Showcase.Stack })),
            ("stack", $"/stacks/{host}/{Showcase.Stack}", page => page.Locator(".cm-content").First),
            ("events", "/events", page => page.Locator(".timeline li").Nth(5)),
            ("host", $"/hosts/{host}", page => page.Locator(".list")),
            ("images", $"/hosts/{host}/images", page => page.GetByRole(AriaRole.Row).Filter(new() { HasText = "demo/notes" }).First),
            ("operations", "/operations", page => page.GetByText(Showcase.Stack).First),
            ("users", "/settings", page => page.GetByRole(AriaRole.Row).Filter(new() { HasText = Scene.User })),
            ("audit", "/settings/audit", page => page.Locator(".audit tbody tr").First),
            ("account", "/account", page => page.GetByText("this one")),
            ("charts", await OfAsync(Showcase.Worker) + "/charts?range=5+min", page => page.Locator("canvas").First),
            // The last one, when the lines of the last minute are long.
            ("hosts", "/hosts", page => page.Locator(".card .spark polyline").Nth(10)),
        ];
        Directory.CreateDirectory(Folder);
        var documentation = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs/page.md"), Ct);
        foreach (var (name, address, sight) in rooms)
        {
            if (name.StartsWith("stack", StringComparison.Ordinal) && !await show.HasComposeAsync(host, Ct))
            {
                continue; // This machine has no docker compose: the documentation has the pictures of one that has.
            }

            if (name == "charts" && Writes)
            {
                // Their lines are to fill them.
                await Retry.UntilAsync(
                    "the charts of five minutes are full",
                    async () => (await scene.Api.GetAsync(
                        $"/api/hosts/{host}/stats/history?container_name={Showcase.Worker}&step=1&from={DateTimeOffset.UtcNow.AddSeconds(-290):O}"
                            .Replace("+", "%2B", StringComparison.Ordinal),
                        Ct)).GetProperty("points").GetArrayLength() > 270,
                    TimeSpan.FromMinutes(8),
                    Ct);
            }

            await VisitAsync(scene.Page, address);
            await Expect(sight(scene.Page)).ToBeVisibleAsync();
            foreach (var theme in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                await scene.Page.EmulateMediaAsync(new() { ColorScheme = theme });
                var file = $"{name}-{theme.ToString().ToLowerInvariant()}.webp";
                await TakeAsync(scene.Page, file);
                documentation.ShouldContain($"pictures/page/{file}");
                File.Exists(Path.Combine(Repository.Root, Documented, file))
                    .ShouldBeTrue($"{file} is not in {Documented}: run this test with DOCKMON_WRITE_PICTURES=1");
            }
        }

        scene.Problems.ShouldBeEmpty();
    }

    /// <summary>Goes on as a link of the page does: a page that is loaded anew has no lines of the last minute.</summary>
    private static async Task VisitAsync(IPage page, string address) =>
        await page.EvaluateAsync("to => { history.pushState(null, '', to); dispatchEvent(new PopStateEvent('popstate')) }", address);

    /// <summary>As WebP, which is a third of a PNG and which Playwright itself does not offer.</summary>
    private static async Task TakeAsync(IPage page, string file)
    {
        await page.EvaluateAsync("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
        var session = await page.Context.NewCDPSessionAsync(page);
        var answer = await session.SendAsync("Page.captureScreenshot", new Dictionary<string, object> { ["format"] = "webp", ["quality"] = 80 });
        await session.DetachAsync();
        await File.WriteAllBytesAsync(Path.Combine(Folder, file), answer!.Value.GetProperty("data").GetBytesFromBase64(), Ct);
    }
}
