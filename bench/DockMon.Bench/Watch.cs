using System.Globalization;

namespace DockMon.Bench;

/// <summary>
/// What it costs to watch containers that do nothing: several agents and none, one after
/// the other, round by round, each round beginning with another.
/// </summary>
internal sealed class Watch(Workbench bench, Arguments arguments)
{
    private readonly IReadOnlyList<int> _counts = [.. arguments.Numbers("containers", 50).Order()];
    private readonly int _seconds = arguments.Number("seconds", 60);
    private readonly int _rounds = arguments.Number("rounds", 2);
    private readonly int _settle = arguments.Number("settle", 5, least: 0);
    private readonly IReadOnlyList<Contestant> _contestants = Contestant.Choose(arguments);

    public async Task RunAsync(CancellationToken ct)
    {
        arguments.Done();
        await bench.WriteMachineAsync(ct);
        List<string> containers = [];
        foreach (var count in _counts)
        {
            Workbench.Say($"starting {count - containers.Count} containers");
            containers.AddRange(await bench.RunIdleAsync(count - containers.Count, ct));
            var report = new WatchReport(_contestants);
            for (var round = 1; round <= _rounds; round++)
            {
                foreach (var contestant in InOrder(_contestants, round))
                {
                    Workbench.Say($"{count} containers, round {round} of {_rounds}: {contestant.Name}");
                    report.Add(contestant, await MeasureAsync(contestant, containers, ct));
                }
            }

            await bench.Results.WriteLineAsync(report.Write(string.Create(
                CultureInfo.InvariantCulture,
                $"{count} containers, {_seconds} s each, rounds: {_rounds}")));
        }
    }

    /// <summary>Who is measured after whom: each round begins with another, because what one leaves behind costs the next.</summary>
    /// <param name="contestants">All of them.</param>
    /// <param name="round">Counted from 1.</param>
    public static IEnumerable<T> InOrder<T>(IReadOnlyList<T> contestants, int round)
    {
        var first = (round - 1) % contestants.Count;
        return contestants.Skip(first).Concat(contestants.Take(first));
    }

    private async Task<Measurement> MeasureAsync(Contestant contestant, List<string> containers, CancellationToken ct)
    {
        await using var session = contestant.Command.Count > 0 ? await Session.StartAsync(contestant, bench.Time, ct) : null;
        await bench.WaitAsync(_settle, ct);
        var others = await OthersAsync(containers, ct);
        var engine = EngineProcesses.Find(Workbench.Host, containers);
        var before = Reading.Take(engine, session, bench.Time);
        await bench.WaitAsync(_seconds, ct);
        var usage = Reading.Take(engine, session, bench.Time).Since(before, bench.Time);
        return new Measurement(usage, session?.StartToRegistered.TotalMilliseconds ?? double.NaN, Math.Max(others, await OthersAsync(containers, ct)));
    }

    // An agent watches these as well.
    private async Task<int> OthersAsync(List<string> containers, CancellationToken ct) =>
        (await bench.Engine.ListContainersAsync(all: false, ct)).Count(container => !containers.Contains(container.Id));
}

/// <summary>One agent in one round.</summary>
/// <param name="Usage">What was used.</param>
/// <param name="StartMilliseconds">From its start to its registration.</param>
/// <param name="Others">Most containers of somebody else that ran before or after: whether something else was going on.</param>
internal sealed record Measurement(Usage Usage, double StartMilliseconds, int Others);
