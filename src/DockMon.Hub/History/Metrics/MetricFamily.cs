using DockMon.Hub.History.Live;

namespace DockMon.Hub.History.Metrics;

/// <summary>A figure of a sample, as Prometheus is told it.</summary>
/// <param name="Member">Name of the member.</param>
/// <param name="Divisor">What its number is divided by.</param>
/// <param name="Label">A label that tells it from others of the family; empty when it is the only one.</param>
internal sealed record MetricFigure(string Member, double Divisor, string Label = "");

/// <summary>
/// A family of metrics. Names follow OpenTelemetry's semantic conventions, as its exporters write them for Prometheus; those that start with
/// <c>dockmon</c> have no counterpart there. See docs/metrics.md.
/// </summary>
/// <param name="Name">Its name, of a counter without <c>_total</c>.</param>
/// <param name="IsCounter">Whether it is a counter; a gauge otherwise.</param>
/// <param name="Unit">Its unit, which the name ends with; empty without one.</param>
/// <param name="Help">What it is.</param>
/// <param name="Shape">The samples it is taken from.</param>
/// <param name="Figures">The figures.</param>
internal sealed record MetricFamily(string Name, bool IsCounter, string Unit, string Help, SampleShape Shape, params MetricFigure[] Figures)
{
    /// <summary>The families that come from samples.</summary>
    public static readonly IReadOnlyList<MetricFamily> OfSamples =
    [
        new("container_cpu_usage", false, "", "CPUs that the container uses.", SampleShape.Container, new MetricFigure("cpu_percent", 100)),
        new("container_memory_working_set_bytes", false, "bytes", "Working set of the container.",
            SampleShape.Container, new MetricFigure("memory_usage", 1)),
        new("dockmon_container_memory_limit_bytes", false, "bytes", "Memory limit of the container; the host's memory without one.",
            SampleShape.Container, new MetricFigure("memory_limit", 1)),
        new("container_network_io_bytes", true, "bytes", "Bytes that the container received and sent since its start.", SampleShape.Container,
            new MetricFigure("network_rx", 1, "network_io_direction=\"receive\""), new MetricFigure("network_tx", 1, "network_io_direction=\"transmit\"")),
        new("container_disk_io_bytes", true, "bytes", "Bytes that the container read from and wrote to block devices since its start.", SampleShape.Container,
            new MetricFigure("disk_read", 1, "disk_io_direction=\"read\""), new MetricFigure("disk_write", 1, "disk_io_direction=\"write\"")),
        new("system_cpu_utilization_ratio", false, "ratio", "Share of all cores of the host that is used.",
            SampleShape.Host, new MetricFigure("cpu_percent", 100)),
        new("system_memory_utilization_ratio", false, "ratio", "Share of the host's memory that is used.",
            SampleShape.Host, new MetricFigure("mem_percent", 100)),
        new("dockmon_host_network_bytes_per_second", false, "bytes_per_second", "Bytes a second that the host's physical interfaces receive and send.",
            SampleShape.Host, new MetricFigure("net_bytes_per_sec", 1)),
    ];
}
