using System.Text.Json;
using DockMon.Testing;
using Microsoft.Playwright;

namespace DockMon.PageBench;

/// <summary>What a page did in some time.</summary>
/// <param name="Seconds">How long that was.</param>
/// <param name="LongTasks">Tasks of more than 50 ms, in ms.</param>
/// <param name="Frames">Frames that were shown.</param>
/// <param name="Missed">Frames that were not, for one took longer than two of 60 a second.</param>
/// <param name="BusySeconds">How long its main thread was busy, and of that with scripts, styles and layout.</param>
/// <param name="HeapBytes">Memory of its objects at the end, after a collection.</param>
internal sealed record PageFigures(
    double Seconds,
    IReadOnlyList<double> LongTasks,
    int Frames,
    int Missed,
    (double All, double Script, double Style, double Layout) BusySeconds,
    double HeapBytes);

/// <summary>A page whose long tasks, frames and memory are written down from its first moment on.</summary>
internal sealed class WatchedPage : IAsyncDisposable
{
    private const string Watch = """
        window.bench = { long: [], frames: 0, missed: 0, last: 0, paint: 0, ready: 0, changed: 0 };
        new PerformanceObserver(list => { for (const e of list.getEntries()) bench.long.push(e.duration); }).observe({ type: 'longtask', buffered: true });
        new PerformanceObserver(list => { for (const e of list.getEntries()) if (e.name === 'first-contentful-paint') bench.paint = e.startTime; })
          .observe({ type: 'paint', buffered: true });
        const frame = now => {
          if (bench.last) { bench.frames++; bench.missed += Math.max(0, Math.round((now - bench.last) / (1000 / 60)) - 1); }
          bench.last = now; requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
        const ready = new MutationObserver(() => {
          if (document.querySelector('.card, .table tbody td, .line')) { bench.ready = performance.now(); ready.disconnect(); }
        });
        ready.observe(document, { childList: true, subtree: true });
        """;

    private readonly IBrowserContext _context;
    private readonly ICDPSession _tools;

    private WatchedPage(IBrowserContext context, IPage page, ICDPSession tools) => (_context, Page, _tools) = (context, page, tools);

    public IPage Page { get; }

    public static async Task<WatchedPage> OpenAsync(IBrowserContext context, Uri address)
    {
        await context.AddInitScriptAsync(Watch);
        var page = await context.NewPageAsync();
        var tools = await context.NewCDPSessionAsync(page);
        await tools.SendAsync("Performance.enable");
        await page.GotoAsync(address.AbsoluteUri);
        var watched = new WatchedPage(context, page, tools);
        await watched.UntilAsync("bench.ready > 0");
        return watched;
    }

    /// <summary>Waits until a script says so. The page's own security policy forbids Playwright to wait inside of it.</summary>
    public async Task UntilAsync(string script)
    {
        try
        {
            await Retry.UntilAsync(script, () => Page.EvaluateAsync<bool>(script), TimeSpan.FromMinutes(2));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message} The page shows: {await Page.InnerTextAsync("body")}", e);
        }
    }

    /// <summary>A number that a script says.</summary>
    public Task<double> NumberAsync(string script) => Page.EvaluateAsync<double>(script);

    /// <summary>What was loaded: its address, compressed bytes.</summary>
    public async Task<IReadOnlyList<(string Name, double Bytes)>> LoadedAsync()
    {
        var entries = await Page.EvaluateAsync<JsonElement>(
            """
            () => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
              .filter(e => !new URL(e.name).pathname.startsWith('/api/')).map(e => ({ name: new URL(e.name).pathname, bytes: e.encodedBodySize }))
            """);
        return [.. entries.EnumerateArray().Select(entry => (entry.GetProperty("name").GetString()!, entry.GetProperty("bytes").GetDouble()))];
    }

    /// <summary>What the page does while something else is done to it.</summary>
    /// <param name="use">What is done.</param>
    /// <param name="trace">File for all that the browser did, which takes time of its own; null for none.</param>
    public async Task<PageFigures> WatchAsync(Func<Task> use, string? trace = null)
    {
        var tracing = trace is null ? null : await Trace.StartAsync(_tools);
        await Page.EvaluateAsync("bench.long = []; bench.frames = bench.missed = 0; null");
        var before = await MetricsAsync();
        await use();
        var after = await MetricsAsync();
        if (tracing is not null)
        {
            await tracing.WriteAsync(trace!);
        }

        var watched = await Page.EvaluateAsync<JsonElement>("() => bench");
        await _tools.SendAsync("HeapProfiler.collectGarbage");
        var heap = (await MetricsAsync())["JSHeapUsedSize"];
        double Used(string name) => after[name] - before[name];
        return new PageFigures(
            Used("Timestamp"),
            [.. watched.GetProperty("long").EnumerateArray().Select(one => one.GetDouble())],
            watched.GetProperty("frames").GetInt32(),
            watched.GetProperty("missed").GetInt32(),
            (Used("TaskDuration"), Used("ScriptDuration"), Used("RecalcStyleDuration"), Used("LayoutDuration")),
            heap);
    }

    public ValueTask DisposeAsync() => _context.DisposeAsync();

    private async Task<Dictionary<string, double>> MetricsAsync()
    {
        var answer = await _tools.SendAsync("Performance.getMetrics") ?? throw new InvalidOperationException("The browser tells no metrics.");
        return answer.GetProperty("metrics").EnumerateArray()
            .ToDictionary(one => one.GetProperty("name").GetString()!, one => one.GetProperty("value").GetDouble(), StringComparer.Ordinal);
    }
}
