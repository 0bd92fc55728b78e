using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Api;
using DockMon.Hub.Bus;
using DockMon.Hub.History.Live;
using DockMon.Hub.Storage;

namespace DockMon.Hub.History.Metrics;

/// <summary>
/// <c>GET /metrics</c>: the newest sample of each host and container, for Prometheus. It is written as it is sent, a host at a time. Of several hubs, one
/// tells of a host.
/// </summary>
internal sealed class MetricsApi(LiveSamples samples, Presence presence, Database database, TimeProvider time) : IDisposable
{
    /// <summary>Maximum number of answers that are written at the same time.</summary>
    private const int MostAtOnce = 2;

    private const int FlushBytes = 64 * 1024;

    private const string OpenMetrics = "application/openmetrics-text";

    /// <summary>How old a sample may be: those of a container that stopped are not told for long.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _places = new(MostAtOnce);

    public static void Map(WebApplication app) =>
        app.MapGet("/metrics", (HttpContext context, MetricsApi metrics, VisibleHosts visible) => metrics.WriteAsync(context, visible))
            .Allow(Role.Viewer)
            .Produces<string>(StatusCodes.Status200OK, "text/plain", OpenMetrics)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .WithSummary("The newest figures of hosts and containers, as Prometheus' text or OpenMetrics.");

    public void Dispose() => _places.Dispose();

    private async Task WriteAsync(HttpContext context, VisibleHosts visible)
    {
        if (!await _places.WaitAsync(TimeSpan.Zero, context.RequestAborted))
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.RetryAfter = "5";
            return;
        }

        try
        {
            var hosts = await database.QueryAsync(
                "SELECT id, hostname FROM hosts ORDER BY id", row => (Id: row.GetString(0), Name: row.GetString(1)), context.RequestAborted);
            var told = hosts.Where(host => visible.Sees(host.Id) && presence.TellsOf(host.Id));
            await WriteAsync(context, [.. told.Select(host => (host.Id, HostLabels(host.Id, host.Name)))]);
        }
        finally
        {
            _places.Release();
        }
    }

    private async Task WriteAsync(HttpContext context, List<(string Id, string Labels)> hosts)
    {
        var open = context.Request.Headers.Accept.ToString().Contains(OpenMetrics, StringComparison.OrdinalIgnoreCase);
        context.Response.ContentType = open ? OpenMetrics + "; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8";
        var body = context.Response.BodyWriter;
        var writer = new MetricsWriter(body, open);
        writer.BeginFamily("dockmon_hub_info", isCounter: false, "", "The hub, always 1.");
        writer.WriteMetric("dockmon_hub_info", isCounter: false, [MetricsWriter.Label("version", HubApplication.Version)], 1);
        await WriteHostsAsync("dockmon_agent_connected", false, "Whether the host's agent is connected.", id => presence.IsConnected(id) ? 1 : 0);
        await WriteHostsAsync("dockmon_host_containers", false, "Containers of the host with recent samples.", id => samples.Find(id)?.Count ?? 0);
        await WriteHostsAsync(
            "dockmon_host_samples_refused", true, "Samples that were dropped because the host has too many containers.", id => samples.Find(id)?.Refused ?? 0);
        var since = (time.GetUtcNow() - Fresh).ToUnixTimeMilliseconds();
        foreach (var family in MetricFamily.OfSamples)
        {
            writer.BeginFamily(family.Name, family.IsCounter, family.Unit, family.Help);
            foreach (var (id, labels) in hosts)
            {
                samples.Find(id)?.ForEach(since, series => WriteSeries(writer, family, labels, series));
                await FlushAsync();
            }
        }

        writer.End();
        await body.FlushAsync(context.RequestAborted);

        async Task WriteHostsAsync(string name, bool isCounter, string help, Func<string, double> value)
        {
            writer.BeginFamily(name, isCounter, "", help);
            foreach (var (id, labels) in hosts)
            {
                writer.WriteMetric(name, isCounter, [labels], value(id));
                await FlushAsync();
            }
        }

        async ValueTask FlushAsync()
        {
            if (body.UnflushedBytes > FlushBytes)
            {
                await body.FlushAsync(context.RequestAborted);
            }
        }
    }

    private static string HostLabels(string id, string name) => MetricsWriter.Label("host_id", id) + "," + MetricsWriter.Label("host_name", name);

    private static void WriteSeries(MetricsWriter writer, MetricFamily family, string hostLabels, SampleSeries series)
    {
        if (series.Shape != family.Shape)
        {
            return;
        }

        var labels = series.Shape == SampleShape.Host ? "" : series.MetricLabels;
        foreach (var figure in family.Figures)
        {
            var member = series.Shape.IndexOf(figure.Member);
            if (series.Last.Values[member] is var value && value != Sample.Absent)
            {
                var number = series.Shape.Members[member].Kind == MemberKind.Fraction ? value / (1000 * figure.Divisor) : value / figure.Divisor;
                writer.WriteMetric(family.Name, family.IsCounter, [hostLabels, labels, figure.Label], number);
            }
        }
    }
}
