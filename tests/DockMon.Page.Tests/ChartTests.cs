using System.Globalization;
using System.Web;
using DockMon.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DockMon.Page.Tests;

/// <summary>Charts are looked at closer: by dragging over one of them, and with the keyboard.</summary>
public sealed class ChartTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_part_of_the_time_is_chosen_by_dragging_kept_in_the_address_and_left_again()
    {
        await using var scene = await Scene.StartAsync(browser, Ct);
        var page = scene.Page;
        var host = (await scene.Api.GetAsync("/api/hosts", Ct))[0].GetProperty("id").GetString()!;
        await Retry.UntilAsync("there are samples", async () =>
            (await scene.Api.GetAsync(
                $"/api/hosts/{host}/stats/history?step=1&from={DateTimeOffset.UtcNow.AddMinutes(-4):yyyy-MM-ddTHH:mm:ssZ}", Ct))
                .GetProperty("points").GetArrayLength() > 5, ct: Ct);
        await scene.GoAsync($"/hosts/{host}/charts?range=5 min");
        var charts = page.Locator(".charts");
        var plot = charts.Locator(".u-over").First;
        await Expect(plot).ToBeVisibleAsync();

        // The right half: five minutes are there, and the samples are at their end.
        await plot.ScrollIntoViewIfNeededAsync();
        var box = (await plot.BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(box.X + (box.Width / 2), box.Y + (box.Height / 2));
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + (box.Width * 0.7f), box.Y + (box.Height / 2));
        await page.Mouse.MoveAsync(box.X + box.Width - 1, box.Y + (box.Height / 2));
        await scene.PictureAsync("charts-drag");
        await page.Mouse.UpAsync();
        await Retry.UntilAsync("the address has the part", () => Part(page) is not null, ct: Ct);
        Part(page)!.Value.TotalSeconds.ShouldBeInRange(140, 150);
        await Expect(charts.Locator("button[aria-pressed=true]")).ToHaveCountAsync(0);
        await Expect(charts.Locator(".u-over").First).ToBeVisibleAsync();
        await scene.PictureAsync("charts-part");

        await page.ReloadAsync();
        await Expect(charts.GetByRole(AriaRole.Button, new() { Name = "earlier" })).ToBeVisibleAsync();
        await charts.Locator(".u-over").First.DblClickAsync();
        await Expect(charts.GetByRole(AriaRole.Button, new() { Name = "5 min" })).ToHaveAttributeAsync("aria-pressed", "true");
        Part(page).ShouldBeNull();

        // The same with the keyboard alone.
        await charts.GetByRole(AriaRole.Button, new() { Name = "closer" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Retry.UntilAsync("half of it is shown", () => Part(page) is { TotalSeconds: 145 }, ct: Ct);
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Enter");
        await Retry.UntilAsync("all of it is shown", () => Part(page) is { TotalSeconds: 290 }, ct: Ct);
        await charts.GetByRole(AriaRole.Button, new() { Name = "1 h" }).PressAsync("Enter");
        await Retry.UntilAsync("the part is left", () => Part(page) is null, ct: Ct);
        scene.Problems.ShouldBeEmpty();
    }

    /// <summary>How long the part of the time is that the address has; null without one.</summary>
    private static TimeSpan? Part(IPage page)
    {
        var query = HttpUtility.ParseQueryString(new Uri(page.Url).Query);
        return query["from"] is { } from && query["to"] is { } to
            ? DateTimeOffset.Parse(to, CultureInfo.InvariantCulture) - DateTimeOffset.Parse(from, CultureInfo.InvariantCulture)
            : null;
    }
}
