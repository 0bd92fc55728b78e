using System.Collections.Concurrent;
using System.Globalization;
using DockMon.Testing;
using Microsoft.Playwright;

namespace DockMon.Page.Tests;

/// <summary>What a page asked for in vain and wrote to its console. With what it shows and the logs of the programs it tells why a test has failed.</summary>
internal sealed class PageLog
{
    /// <summary>Number of the newest lines that are told of each.</summary>
    private const int Most = 40;

    /// <summary>Maximum length of what the page shows.</summary>
    private const int MostText = 4000;

    private readonly ConcurrentQueue<string> _lines = new();

    /// <summary>Keeps what happens on a page from now on.</summary>
    public void Follow(IPage page)
    {
        page.Console += (_, message) => Keep($"{message.Type}: {message.Text}");
        page.PageError += (_, error) => Keep("error: " + error);
        page.RequestFailed += (_, request) => Keep($"{request.Method} {request.Url}: {request.Failure}");
        page.Response += (_, response) =>
        {
            if (!response.Ok)
            {
                Keep($"{response.Request.Method} {response.Url}: {response.Status} {response.StatusText}");
            }
        };
    }

    /// <summary>Writes all of it to the output of the test.</summary>
    public async Task TellAsync(IPage? page, ProgramProcess hub, ProgramProcess? agent)
    {
        if (TestContext.Current.TestOutputHelper is not { } output)
        {
            return;
        }

        output.WriteLine($"The page at {page?.Url} shows:{Environment.NewLine}{await ShownAsync(page)}");
        output.WriteLine($"Its console, and what it asked for in vain:{Environment.NewLine}{string.Join(Environment.NewLine, _lines.TakeLast(Most))}");
        output.WriteLine($"The hub:{Environment.NewLine}{hub.Tail(Most)}");
        output.WriteLine($"The agent:{Environment.NewLine}{agent?.Tail(Most)}");
    }

    private static async Task<string> ShownAsync(IPage? page)
    {
        try
        {
            var text = page is null ? "" : await page.InnerTextAsync("body", new() { Timeout = 10_000 });
            return text.Length > MostText ? text[..MostText] : text;
        }
        catch (Exception e) when (e is PlaywrightException or TimeoutException)
        {
            return "nothing that can be read: " + e.Message;
        }
    }

    private void Keep(string line) => _lines.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {line}"));
}
