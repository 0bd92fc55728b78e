using System.Globalization;
using DockMon.Bench;
using DockMon.Bench.Hubs;
using DockMon.Testing;

namespace DockMon.PageBench;

/// <summary>How long it takes from the end of a container to its changed row in the browser, and from the hub's word of it.</summary>
internal sealed class DieLatency(HubUnderTest hub, Browser browser, RealHost engine)
{
    private const string Watch = """
        () => new MutationObserver(() => {
          const ended = document.querySelector('.table td .state')?.textContent === 'exited';
          if (ended && !bench.ended) bench.changed = performance.timeOrigin + performance.now();
          bench.ended = ended;
        }).observe(document.querySelector('.table'), { childList: true, subtree: true, characterData: true, attributes: true })
        """;

    private readonly TimeProvider _time = TimeProvider.System;
    private DateTimeOffset _told;

    public async Task<Table> RunAsync(int times, CancellationToken ct)
    {
        await Console.Error.WriteLineAsync($"a container ends {times} times");
        var (name, _) = await engine.StartAsync(["sleep", "100000000"], ct);
        await using var page = await browser.OpenAsync(new Uri(hub.Addresses[0], "containers?q=" + name));
        await page.Page.EvaluateAsync(Watch);
        using var listening = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var following = FollowAsync(listening.Token);
        var (whole, shown) = (new List<double>(), new List<double>());
        for (var i = 0; i < times; i++)
        {
            await page.UntilAsync("document.querySelector('.table td .state')?.textContent === 'running'");

            // A change soon after another one is told with it.
            await Task.Delay(TimeSpan.FromSeconds(1.5), _time, ct);
            await page.Page.EvaluateAsync("bench.changed = 0; null");
            _told = default;
            await engine.StopAsync(name, ct);
            await page.UntilAsync("bench.changed > 0");
            var changed = await page.NumberAsync("bench.changed");
            await Retry.UntilAsync("the hub tells of it", () => _told != default, ct: ct);
            whole.Add(changed - Milliseconds(await engine.FinishedAtAsync(name, ct)));
            shown.Add(changed - Milliseconds(_told));
            await engine.StartAgainAsync(name, ct);
        }

        await listening.CancelAsync();
        await following;
        var table = new Table(string.Create(CultureInfo.InvariantCulture, $"a container ends, {times} times"), "median ms", "worst ms");
        table.Add("from the engine's time of it to the changed row", Figures.Show(Figures.Median(whole)), Figures.Show(whole.Max()));
        table.Add("from the hub's word of it to the changed row", Figures.Show(Figures.Median(shown)), Figures.Show(shown.Max()));
        return table;
    }

    private static double Milliseconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).TotalMilliseconds;

    /// <summary>Writes down when the hub first tells that containers changed.</summary>
    private async Task FollowAsync(CancellationToken ct)
    {
        using var client = hub.NewClient();
        try
        {
            await foreach (var item in client.FollowAsync(ct))
            {
                if (item.Name == "containers_changed" && _told == default)
                {
                    _told = _time.GetUtcNow();
                }
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // It has heard enough.
        }
    }
}
