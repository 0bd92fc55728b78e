using System.Globalization;
using DockMon.Bench;
using DockMon.Bench.Hubs;
using DockMon.Testing;

namespace DockMon.PageBench;

/// <summary>The page in a browser, with many simulated hosts, and with an agent of this machine's engine.</summary>
internal sealed class PageMeasurement(Arguments arguments)
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromMinutes(5);

    private readonly int _hosts = arguments.Number("hosts", 500);
    private readonly int _containers = arguments.Number("containers", 20);
    private readonly TimeSpan _use = TimeSpan.FromSeconds(arguments.Number("seconds", 20));
    private readonly int _lines = arguments.Number("lines", 5000);
    private readonly TimeSpan _follow = TimeSpan.FromSeconds(arguments.Number("log-seconds", 60, least: 0));
    private readonly int _dies = arguments.Number("dies", 100, least: 0);
    private readonly int _rounds = arguments.Number("rounds", 1);
    private readonly string? _other = arguments.Text("other");
    private readonly string? _traces = arguments.Text("traces");
    private readonly Table _used = new(
        "", "long tasks", "longest ms", "frames", "missed", "busy %", "script %", "style %", "layout %", "heap MiB");

    public async Task RunAsync(CancellationToken ct)
    {
        arguments.Done();
        await using var hub = await HubUnderTest.StartAsync("hub", HubProcess.Path, 1, postgres: false, ct);
        await using var browser = await Browser.StartAsync(hub.Key);
        await using (var fleet = new Fleet(hub.Addresses, await hub.NewTokenAsync(_hosts, ct), _hosts, _containers, 64, TimeProvider.System))
        {
            await UseWithFleetAsync(hub.Addresses[0], browser, fleet, ct);
        }

        await using var engine = new RealHost(hub);
        if (_follow > TimeSpan.Zero)
        {
            await FollowLogAsync(hub.Addresses[0], browser, engine, ct);
        }

        await Console.Out.WriteLineAsync(_used.ToString());
        if (_dies > 0)
        {
            await Console.Out.WriteLineAsync((await new DieLatency(hub, browser, engine).RunAsync(_dies, ct)).ToString());
        }
    }

    private async Task UseWithFleetAsync(Uri hub, Browser browser, Fleet fleet, CancellationToken ct)
    {
        Say($"{_hosts} agents with {_containers} containers each register");
        await fleet.StartAsync(ConnectLimit, ct);
        using var streaming = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var samples = fleet.StreamAsync(TimeSpan.FromDays(1), streaming.Token);
        try
        {
            for (var round = 1; round <= _rounds; round++)
            {
                await UseRoomsAsync(hub, browser, null, round, ct);
                if (_other is not null)
                {
                    await UseRoomsAsync(hub, browser, _other, round, ct);
                }
            }
        }
        finally
        {
            await streaming.CancelAsync();
            try
            {
                await samples;
            }
            catch (OperationCanceledException) when (streaming.IsCancellationRequested)
            {
                // Told to end.
            }
        }
    }

    /// <summary>The rooms of hosts and of containers, of the hub's own page or of another build.</summary>
    private async Task UseRoomsAsync(Uri hub, Browser browser, string? build, int round, CancellationToken ct)
    {
        var which = (build is null ? "" : ", other page") + (_rounds > 1 ? $", round {round}" : "");
        string? Trace(string room) => _traces is null ? null : Path.Combine(_traces, room + which.Replace(", ", "-", StringComparison.Ordinal) + ".json");
        await using (var page = await browser.OpenAsync(new Uri(hub, "hosts"), build))
        {
            await WriteFirstLoadAsync(page, which, withFiles: build is null && round == 1);
            Say("the room of hosts, scrolled and filtered" + which);
            Add($"{_hosts} hosts{which}", await page.WatchAsync(() => UseAsync(page, "#room", "Search hosts", "bench-001", ct), Trace("hosts")));
        }

        await using (var page = await browser.OpenAsync(new Uri(hub, "containers?sort=cpu&order=desc"), build))
        {
            var containers = _hosts * _containers;
            await page.UntilAsync($"+document.querySelector('table').getAttribute('aria-rowcount') > {containers.ToString(CultureInfo.InvariantCulture)}");
            Say("the room of containers, scrolled and filtered" + which);
            Add(
                $"{containers} containers{which}",
                await page.WatchAsync(() => UseAsync(page, ".table", "Filter containers", "service-7", ct), Trace("containers")));
        }
    }

    /// <summary>Scrolls down and up, and types letter by letter, in turn.</summary>
    private async Task UseAsync(WatchedPage watched, string scrolled, string filter, string text, CancellationToken ct)
    {
        var page = watched.Page;
        var started = TimeProvider.System.GetTimestamp();
        await page.Locator(scrolled).HoverAsync();
        while (TimeProvider.System.GetElapsedTime(started) < _use)
        {
            for (var i = 0; i < 20; i++)
            {
                await page.Mouse.WheelAsync(0, i < 10 ? 900 : -900);
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, ct);
            }

            await page.GetByLabel(filter).PressSequentiallyAsync(text, new() { Delay = 80 });
            await page.GetByLabel(filter).FillAsync("");
        }
    }

    private async Task FollowLogAsync(Uri hub, Browser browser, RealHost engine, CancellationToken ct)
    {
        Say($"a log of {_lines} lines a second, followed for {_follow.TotalSeconds:0} s");
        var (container, host) = await engine.StartAsync(
            ["sh", "-c", $"""
                while true; do n=0; while [ $n -lt {_lines / 10} ]; do n=$((n+1))
                echo "2026-11-30 INFO request $n of the shop was served in 12 ms, from the cache, to a client of version 7"; done; usleep 90000; done
                """], ct);
        await using var page = await browser.OpenAsync(new Uri(hub, $"logs?c={host}:{container}"));
        const string Count = "+document.querySelector('.told .quiet').textContent.replace(/[,;]/g, '').match(/\\d+/g).reduce((sum, n) => sum + +n, 0)";
        var before = await page.NumberAsync(Count);
        var figures = await page.WatchAsync(() => Task.Delay(_follow, TimeProvider.System, ct));
        var lines = await page.NumberAsync(Count) - before;
        Say(await page.Page.InnerTextAsync(".told"));
        Add($"log, {Figures.Show(lines / figures.Seconds)} lines/s", figures);
        await engine.StopAsync(container, ct);
    }

    private static async Task WriteFirstLoadAsync(WatchedPage page, string which, bool withFiles)
    {
        if (withFiles)
        {
            var first = new Table("first load", "bytes");
            var loaded = await page.LoadedAsync();
            foreach (var (name, bytes) in loaded)
            {
                first.Add(name, bytes.ToString("0", CultureInfo.InvariantCulture));
            }

            first.Add("all", loaded.Sum(one => one.Bytes).ToString("0", CultureInfo.InvariantCulture));
            await Console.Out.WriteLineAsync(first.ToString());
        }

        var opened = new Table("room of hosts, opened" + which, "ms");
        opened.Add("first contentful paint", Figures.Show(await page.NumberAsync("bench.paint")));
        opened.Add("first host shown", Figures.Show(await page.NumberAsync("bench.ready")));
        opened.Add("longest task until then", Figures.Show(await page.NumberAsync("Math.max(0, ...bench.long)")));
        await Console.Out.WriteLineAsync(opened.ToString());
    }

    private static void Say(string text) => Console.Error.WriteLine(text);

    private void Add(string name, PageFigures figures)
    {
        string Part(double seconds) => Figures.Show(100 * seconds / figures.Seconds);
        var (all, script, style, layout) = figures.BusySeconds;
        _used.Add(
            name,
            figures.LongTasks.Count.ToString(CultureInfo.InvariantCulture),
            Figures.Show(figures.LongTasks.DefaultIfEmpty().Max()),
            figures.Frames.ToString(CultureInfo.InvariantCulture),
            figures.Missed.ToString(CultureInfo.InvariantCulture),
            Part(all),
            Part(script),
            Part(style),
            Part(layout),
            Figures.Show(figures.HeapBytes / 1024 / 1024));
    }
}
