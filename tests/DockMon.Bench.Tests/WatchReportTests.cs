using Shouldly;
using Xunit;

namespace DockMon.Bench.Tests;

/// <summary>The table says what was measured.</summary>
public sealed class WatchReportTests
{
    private static readonly Contestant Agent = new("agent", ["agent"], new Dictionary<string, string>());
    private static readonly Contestant StandIn = new(Contestant.StandIn, ["standin"], new Dictionary<string, string>());

    [Fact]
    public void A_round_that_was_disturbed_does_not_decide()
    {
        var report = new WatchReport([Agent, StandIn, Contestant.Idle]);
        foreach (var (daemon, others) in new[] { (1.0, 0), (50.0, 7), (1.0, 0) })
        {
            report.Add(Agent, new Measurement(Of(agent: 0.5, daemon, frames: 100), 20, others));
            report.Add(StandIn, new Measurement(Of(agent: 2, daemon: 4, frames: 300), 40, 0));
            report.Add(Contestant.Idle, new Measurement(Of(agent: double.NaN, daemon: 0.1, frames: double.NaN), double.NaN, 0));
        }

        var text = report.Write("title");

        text.ShouldContain("| agent | 0.50 | 1.00 | – | 0.00 | 1.50 | 1.50 50.5 1.50 | 15.0 | 0.00 | 7 |");
        text.ShouldContain("| agent | 0.25 | 0.25 | – | – | 0.25 |");
        text.ShouldContain("| idle | – | 0.10 | – | 0.00 | 0.10 |");
    }

    [Fact]
    public void Each_round_begins_with_another_and_has_all()
    {
        IReadOnlyList<Contestant> all = [Agent, StandIn, Contestant.Idle];
        string.Join(" ", Enumerable.Range(1, 4).SelectMany(round => Watch.InOrder(all, round)).Select(contestant => contestant.Name))
            .ShouldBe("agent standin idle standin idle agent idle agent standin agent standin idle");
    }

    private static Usage Of(double agent, double daemon, double frames) =>
        new() { Seconds = 10, Agent = agent, Daemon = daemon, Containerd = double.NaN, StatsFrames = frames };
}
