using DockMon.Testing;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(DockMon.Page.Tests.Browser))]

namespace DockMon.Page.Tests;

/// <summary>The distribution's Chromium, without a window, once for all tests. It contacts nothing but the page.</summary>
public sealed class Browser : IAsyncLifetime
{
    private BrowserNetwork? _network;
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        Assertions.SetDefaultExpectTimeout((float)Retry.DefaultTimeout.TotalMilliseconds);
        _network = await BrowserNetwork.StartAsync(
            Environment.GetEnvironmentVariable("DOCKMON_TEST_CHROMIUM") ?? "/usr/bin/chromium", TestContext.Current.CancellationToken);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = _network.Program,
            Args =
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",

                // Not as Playwright's own option: its driver, which is not in the browser's network, would use it, too.
                "--proxy-server=" + _network.Proxy, "--proxy-bypass-list=<-loopback>",
            ],
            Timeout = 120_000,
        });
    }

    /// <summary>A browser of its own for a test, with nothing stored.</summary>
    public async Task<IBrowserContext> NewContextAsync(ColorScheme theme = ColorScheme.Light, int width = 1440, int height = 900)
    {
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            ColorScheme = theme,
            ViewportSize = new ViewportSize { Width = width, Height = height },
        });
        context.SetDefaultTimeout((float)Retry.DefaultTimeout.TotalMilliseconds);
        return context;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        if (_network is not null)
        {
            await _network.DisposeAsync();
        }
    }
}
