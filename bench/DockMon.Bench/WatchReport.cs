using System.Globalization;
using System.Text;

namespace DockMon.Bench;

/// <summary>The measurements of one number of containers as Markdown.</summary>
internal sealed class WatchReport(IReadOnlyList<Contestant> contestants)
{
    private readonly Dictionary<string, List<Measurement>> _measured = contestants.ToDictionary(contestant => contestant.Name, _ => new List<Measurement>());

    public void Add(Contestant contestant, Measurement measurement) => _measured[contestant.Name].Add(measurement);

    public string Write(string title)
    {
        var text = new StringBuilder().Append("### ").Append(title).Append("\n\nProcessor seconds of one core, median of the rounds:\n\n");
        var seconds = new Table("", "agent", "dockerd", "containerd", "shims", "all", "all, by round", "ms per sample", "machine busy %", "other containers");
        foreach (var name in _measured.Keys)
        {
            seconds.Add(
                name,
                Show(name, u => u.Agent),
                Show(name, u => u.Daemon),
                Show(name, u => u.Containerd),
                Show(name, u => u.Shims),
                Show(name, u => u.All),
                string.Join(" ", _measured[name].Select(m => Figures.Show(m.Usage.All))),
                Show(name, u => u.StatsFrames > 0 ? 1000 * u.All / u.StatsFrames : double.NaN),
                Show(name, u => u.MachineBusy),
                _measured[name].Max(m => m.Others).ToString(CultureInfo.InvariantCulture));
        }

        text.Append(seconds).Append('\n');
        if (_measured.ContainsKey(Contestant.StandIn))
        {
            text.Append("The same in terms of the stand-in:\n\n").Append(Ratios()).Append('\n');
        }

        var rest = new Table(
            "",
            "RSS MiB",
            "threads",
            "switches/s",
            "switches/s of the engine",
            "control frames/s",
            "stats frames/s",
            "KiB/s sent",
            "start to registered ms");
        foreach (var name in _measured.Keys)
        {
            rest.Add(
                name,
                Show(name, u => u.ResidentBytes / 1024 / 1024),
                Show(name, u => u.Threads),
                Show(name, u => u.AgentSwitches / u.Seconds),
                Show(name, u => u.EngineSwitches / u.Seconds),
                Show(name, u => u.ControlFrames / u.Seconds), Show(name, u => u.StatsFrames / u.Seconds), Show(name, u => u.SentBytes / u.Seconds / 1024),
                Figures.Show(Figures.Median(_measured[name].Select(m => m.StartMilliseconds))));
        }

        return text.Append("The agent, median of the rounds:\n\n").Append(rest).ToString();
    }

    private Table Ratios()
    {
        var ratios = new Table("", "agent", "dockerd", "containerd", "shims", "all", "switches", "KiB sent");
        foreach (var name in _measured.Keys)
        {
            ratios.Add(
                name,
                Ratio(name, u => u.Agent),
                Ratio(name, u => u.Daemon),
                Ratio(name, u => u.Containerd),
                Ratio(name, u => u.Shims),
                Ratio(name, u => u.All),
                Ratio(name, u => u.AgentSwitches), Ratio(name, u => u.SentBytes));
        }

        return ratios;
    }

    private double Median(string name, Func<Usage, double> value) => Figures.Median(_measured[name].Select(measurement => value(measurement.Usage)));

    private string Show(string name, Func<Usage, double> value) => Figures.Show(Median(name, value));

    private string Ratio(string name, Func<Usage, double> value) => Figures.Ratio(Median(name, value), Median(Contestant.StandIn, value));
}
