using Microsoft.Playwright;

namespace DockMon.PageBench;

/// <summary>The distribution's Chromium, without a window; signed in by the hub's key. It contacts nothing but the page.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly string _key;

    private Browser(IPlaywright playwright, IBrowser browser, string key) => (_playwright, _browser, _key) = (playwright, browser, key);

    public static async Task<Browser> StartAsync(string key)
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Environment.GetEnvironmentVariable("DOCKMON_TEST_CHROMIUM") ?? "/usr/bin/chromium",
            Args =
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
            Timeout = 120_000,
        });
        return new Browser(playwright, browser, key);
    }

    /// <summary>A page of its own, with nothing stored, that is watched.</summary>
    /// <param name="address">Where it is opened.</param>
    /// <param name="build">Folder of another build of the page; null for the hub's own.</param>
    public async Task<WatchedPage> OpenAsync(Uri address, string? build = null)
    {
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = 1440, Height = 900 },
            ExtraHTTPHeaders = new Dictionary<string, string>(StringComparer.Ordinal) { ["Authorization"] = "Bearer " + _key },
        });
        context.SetDefaultTimeout(120_000);
        if (build is not null)
        {
            await OtherPage.UseAsync(context, build);
        }

        return await WatchedPage.OpenAsync(context, address);
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
