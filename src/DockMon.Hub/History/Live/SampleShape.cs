using System.Text;

namespace DockMon.Hub.History.Live;

/// <summary>How a member of a sample is kept as an integer.</summary>
internal enum MemberKind
{
    /// <summary>An integer, as it is.</summary>
    Integer,

    /// <summary>A number with a fraction, in thousandths.</summary>
    Fraction,

    /// <summary>An RFC 3339 time, in milliseconds since 1970.</summary>
    Time,
}

/// <summary>A member of a sample, as the protocol has it.</summary>
internal sealed record SampleMember(string Name, MemberKind Kind)
{
    public byte[] Utf8 { get; } = Encoding.UTF8.GetBytes(Name);
}

/// <summary>A figure whose minimum, average and maximum are kept.</summary>
/// <param name="Name">Its name in the API.</param>
/// <param name="Member">Index of the member it is taken from.</param>
/// <param name="IsRate">Whether it is the increase of that member a second.</param>
/// <param name="Bits">
/// Significant bits that are kept on disk: 8 are good to 0.2 %, 7 to 0.4 %, 6 to 0.8 %. A block can only be read with those it was written with.
/// </param>
internal sealed record Metric(string Name, int Member, bool IsRate, int Bits);

/// <summary>The members of a kind of sample, and the metrics that follow from them.</summary>
internal sealed class SampleShape
{
    /// <summary>Maximum number of members.</summary>
    public const int MostMembers = 9;

    /// <summary>Maximum number of metrics.</summary>
    public const int MostMetrics = 7;

    // Members that change in every sample come first: what changed is a short mask then. Metrics are stored by their index: they are only ever appended.
    public static readonly SampleShape Container = new(
        [
            new("timestamp", MemberKind.Time), new("cpu_percent", MemberKind.Fraction), new("memory_usage", MemberKind.Integer),
            new("memory_percent", MemberKind.Fraction), new("network_rx", MemberKind.Integer), new("network_tx", MemberKind.Integer),
            new("disk_write", MemberKind.Integer), new("disk_read", MemberKind.Integer), new("memory_limit", MemberKind.Integer),
        ],
        [
            new("cpu_percent", 1, false, 7), new("memory_usage", 2, false, 8), new("memory_limit", 8, false, 8),
            new("network_rx_bytes_per_sec", 4, true, 6), new("network_tx_bytes_per_sec", 5, true, 6),
            new("disk_read_bytes_per_sec", 7, true, 6), new("disk_write_bytes_per_sec", 6, true, 6),
        ]);

    public static readonly SampleShape Host = new(
        [new("cpu_percent", MemberKind.Fraction), new("mem_percent", MemberKind.Fraction), new("net_bytes_per_sec", MemberKind.Fraction)],
        [new("cpu_percent", 0, false, 7), new("mem_percent", 1, false, 8), new("net_bytes_per_sec", 2, false, 6)]);

    private static readonly TimeSpan LongestRate = TimeSpan.FromMinutes(1);

    private SampleShape(SampleMember[] members, Metric[] metrics) => (Members, Metrics) = (members, metrics);

    public SampleMember[] Members { get; }

    public Metric[] Metrics { get; }

    /// <summary>The shape of a series: of a container, or of the host itself.</summary>
    public static SampleShape Of(string series) => series == LiveSamples.HostSeries ? Host : Container;

    /// <summary>Index of a member.</summary>
    public int IndexOf(string member) => Array.FindIndex(Members, one => one.Name == member);

    /// <summary>Index of a metric; -1 for an unknown one.</summary>
    public int IndexOfMetric(string name) => Array.FindIndex(Metrics, one => one.Name == name);

    /// <summary>What a metric is multiplied with where it is kept on disk as an integer.</summary>
    public double ScaleOf(int metric) => Members[Metrics[metric].Member].Kind == MemberKind.Fraction ? 100 : 1;

    /// <summary>Computes the metrics of a sample; one without a value is not a number.</summary>
    /// <param name="before">The sample before it, for rates; a counter that was reset has none, and neither has a long pause.</param>
    /// <param name="sample">The sample.</param>
    /// <param name="values">The result, one for each metric.</param>
    public void Measure(in Sample before, in Sample sample, Span<double> values)
    {
        var seconds = before.At == 0 ? 0 : (sample.At - before.At) / 1000.0;
        for (var i = 0; i < Metrics.Length; i++)
        {
            var metric = Metrics[i];
            var value = sample.Values[metric.Member];
            var earlier = before.Values[metric.Member];
            if (value == Sample.Absent || (metric.IsRate
                && (earlier == Sample.Absent || value < earlier || seconds <= 0 || seconds > LongestRate.TotalSeconds)))
            {
                values[i] = double.NaN;
                continue;
            }

            var amount = metric.IsRate ? (value - (double)earlier) / seconds : value;
            values[i] = Members[metric.Member].Kind == MemberKind.Fraction ? amount / 1000 : amount;
        }
    }
}
