using System.Globalization;
using DockMon.Protocol;

namespace DockMon.Bench;

/// <summary>
/// Whether an agent grows: its memory, handles and threads minute by minute. So that there is something to leak, every minute a container is
/// restarted and what users ask most is asked, and every ten minutes the link is cut. Memory breathes with that: it is looked at every few seconds.
/// </summary>
internal sealed class Soak(Workbench bench, Arguments arguments)
{
    private const int LeastSamples = 4;
    private const int MinutesBetweenCuts = 10;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(3);

    private readonly double _hours = arguments.Amount("hours", 1);
    private readonly int _containers = arguments.Number("containers", 50);
    private readonly Contestant _contestant = Contestant.ChooseOne(arguments);

    public async Task RunAsync(CancellationToken ct)
    {
        arguments.Done();
        await bench.WriteMachineAsync(ct);
        Workbench.Say($"starting {_containers} containers");
        var ids = await bench.RunIdleAsync(_containers, ct);
        await using var session = await Session.StartAsync(_contestant, bench.Time, ct);
        var minutes = Math.Max(LeastSamples, (int)Math.Round(_hours * 60));
        var samples = new List<Minute>();
        await bench.Results.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"### {minutes} minutes with {_containers} containers, agent {_contestant.Name}\n"));
        await bench.Results.WriteLineAsync("| minute | RSS MiB, median | highest | handles | threads |\n| ---: | ---: | ---: | ---: | ---: |");
        for (var minute = 1; minute <= minutes; minute++)
        {
            var due = Task.Delay(TimeSpan.FromMinutes(1), bench.Time, ct);
            var use = UseAsync(session, ids[minute % ids.Count], ct);
            var resident = await WatchAsync(session, due, ct);
            await use;
            if (minute % MinutesBetweenCuts == 0)
            {
                session.Link.CutAll();
            }

            var sample = new Minute(Figures.Median([.. resident]), resident.Max(), ProcessFigures.Handles(session.Agent.Id), Look(session).Threads);
            samples.Add(sample);
            await bench.Results.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"| {minute} | {sample.Resident:0.0} | {sample.Highest:0.0} | {sample.Handles} | {sample.Threads} |"));
        }

        await bench.Results.WriteLineAsync("\nThe second half, as the median of its first part and of its last:\n");
        var growth = new Table("", "third quarter", "last quarter", "growth");
        Add(growth, "RSS MiB", [.. samples.Select(sample => sample.Resident)]);
        Add(growth, "highest", [.. samples.Select(sample => sample.Highest)]);
        Add(growth, "handles", [.. samples.Select(sample => sample.Handles)]);
        Add(growth, "threads", [.. samples.Select(sample => sample.Threads)]);
        await bench.Results.WriteLineAsync(growth.ToString());
    }

    /// <summary>The agent's memory until the minute is over, MiB.</summary>
    private async Task<List<double>> WatchAsync(Session session, Task due, CancellationToken ct)
    {
        var resident = new List<double>();
        while (!due.IsCompleted)
        {
            await Task.WhenAny(due, Task.Delay(LookEvery, bench.Time, ct));
            resident.Add(Look(session).ResidentBytes / 1024.0 / 1024);
        }

        await due;
        return resident;
    }

    private static ProcessFigures Look(Session session) =>
        ProcessFigures.Read(session.Agent.Id) ?? throw new InvalidOperationException($"the agent ended{Environment.NewLine}{session.Agent.Tail()}");

    private static void Add(Table table, string name, double[] values)
    {
        var (third, last) = Halves(values);
        table.Add(name, Figures.Show(third), Figures.Show(last), Figures.Show(last - third));
    }

    /// <summary>The medians of the third and of the last quarter: one sample more or less of a heap that breathes says nothing.</summary>
    internal static (double Third, double Last) Halves(double[] values)
    {
        var quarter = values.Length / 4;
        return (Figures.Median(values[^(2 * quarter)..^quarter]), Figures.Median(values[^quarter..]));
    }

    private static async Task UseAsync(Session session, string container, CancellationToken ct)
    {
        // A link that was cut a minute ago may not be back yet, which is no failure of the agent's.
        try
        {
            await session.OperateAsync(OperationActions.Restart, container, ct);
            await session.CommandAsync(CommandNames.ListContainers, "{}", ct);
            await session.OperateAsync(OperationActions.Inspect, container, ct);
            await session.OperateAsync(OperationActions.GetLogs, container, ct);
        }
        catch (InvalidOperationException e)
        {
            Workbench.Say(e.Message);
        }
    }

    /// <summary>What was seen in a minute.</summary>
    private sealed record Minute(double Resident, double Highest, double Handles, double Threads);
}
