using System.Globalization;
using DockMon.Protocol;
using DockMon.Testing;

namespace DockMon.Bench;

/// <summary>How long a request takes by way of hub and agent, beside the bare request to the engine; and how long a link takes to come back.</summary>
internal sealed class Latency(Workbench bench, Arguments arguments)
{
    private readonly int _containers = arguments.Number("containers", 50);
    private readonly int _times = arguments.Number("times", 100);
    private readonly int _stops = arguments.Number("stops", 20);
    private readonly int _outages = arguments.Number("outages", 5, least: 0);
    private readonly int _outageSeconds = arguments.Number("outage-seconds", 5);
    private readonly Contestant _contestant = Contestant.ChooseOne(arguments);

    public async Task RunAsync(CancellationToken ct)
    {
        arguments.Done();
        await bench.WriteMachineAsync(ct);
        Workbench.Say($"starting {_containers} containers");
        var ids = await bench.RunIdleAsync(_containers, ct);
        var table = new Table("", "times", "engine ms", "through the hub ms", "ratio", "added ms", "engine p95", "through the hub p95");
        await using (var session = await Session.StartAsync(_contestant, bench.Time, ct))
        {
            await CompareAsync(
                table,
                "inspect",
                _times,
                () => bench.Engine.InspectContainerRawAsync(ids[0], ct),
                () => session.OperateAsync(OperationActions.Inspect, ids[0], ct));
            await CompareAsync(
                table,
                "list_containers",
                _times,
                () => bench.Engine.ListContainersJsonAsync(all: true, ct),
                () => session.CommandAsync(CommandNames.ListContainers, "{}", ct));
            await CompareAsync(
                table, "stop", _stops, () => bench.Engine.StopContainerAsync(ids[0], 10, ct), () => session.OperateAsync(OperationActions.Stop, ids[0], ct),
                () => bench.Engine.StartContainerAsync(ids[0], ct));
        }

        await bench.Results.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"### Requests, {_containers} containers, agent {_contestant.Name}; medians\n\n{table}"));
        if (_outages > 0)
        {
            await OutagesAsync(ct);
        }
    }

    /// <summary>One and the other in turn, so that what else happens on the machine happens to both.</summary>
    private async Task CompareAsync(Table table, string name, int times, Func<Task> bare, Func<Task> hub, Func<Task>? before = null)
    {
        Workbench.Say($"{name}, {times} times");
        var (bareTimes, hubTimes) = (new List<double>(), new List<double>());
        // The first pair opens connections and is not counted.
        for (var i = -1; i < times; i++)
        {
            var (one, other) = (await TimeAsync(before, bare), await TimeAsync(before, hub));
            if (i >= 0)
            {
                bareTimes.Add(one);
                hubTimes.Add(other);
            }
        }

        var (engine, through) = (Figures.Median(bareTimes), Figures.Median(hubTimes));
        table.Add(
            name,
            times.ToString(CultureInfo.InvariantCulture),
            Figures.Show(engine),
            Figures.Show(through),
            Figures.Ratio(through, engine),
            Figures.Show(through - engine),
            Figures.Show(Figures.Quantile(bareTimes, 0.95)), Figures.Show(Figures.Quantile(hubTimes, 0.95)));
    }

    private async Task<double> TimeAsync(Func<Task>? before, Func<Task> work)
    {
        if (before is not null)
        {
            await before();
        }

        var started = bench.Time.GetTimestamp();
        await work();
        return bench.Time.GetElapsedTime(started).TotalMilliseconds;
    }

    /// <summary>Each with an agent of its own: one that has lost its link often waits longer, which is on purpose.</summary>
    private async Task OutagesAsync(CancellationToken ct)
    {
        var seconds = new List<double>();
        for (var i = 1; i <= _outages; i++)
        {
            Workbench.Say($"outage {i} of {_outages}");
            await using var session = await Session.StartAsync(_contestant, bench.Time, ct);
            session.Link.Mode = ProxyMode.Refuse;
            session.Link.CutAll();
            await bench.WaitAsync(_outageSeconds, ct);
            var back = session.Traffic.NextAnswer();
            var given = bench.Time.GetTimestamp();
            session.Link.Mode = ProxyMode.Relay;
            seconds.Add(bench.Time.GetElapsedTime(given, await back.WaitAsync(TimeSpan.FromMinutes(2), bench.Time, ct)).TotalSeconds);
        }

        await bench.Results.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"Registered again after an outage of {_outageSeconds} s: median {Figures.Show(Figures.Median(seconds))} s after the link was back; each: "
            + $"{string.Join(" ", seconds.Select(Figures.Show))}.\n"));
    }
}
