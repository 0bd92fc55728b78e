using System.Net;
using System.Text.RegularExpressions;
using DockMon.Hub.History.Metrics;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.History;

public sealed partial class MetricsTests : HubTests
{
    [Fact]
    public async Task The_newest_figures_are_told_with_their_host_and_container()
    {
        await SampleAsync();
        var host = $"host_id=\"{Agent.HostId}\",host_name=\"host\"";
        var container = host + ",container_id=\"c1\",container_name=\"we\\\\b\\\"\\n\"";
        var text = await ReadAsync();
        text.Split('\n').Where(line => !line.StartsWith('#') && !line.StartsWith("dockmon_hub_info", StringComparison.Ordinal)).ShouldBe(
        [
            $"dockmon_agent_connected{{{host}}} 1",
            $"dockmon_host_containers{{{host}}} 1",
            $"dockmon_host_samples_refused_total{{{host}}} 0",
            $"container_cpu_usage{{{container}}} 1.125",
            $"container_memory_working_set_bytes{{{container}}} 741376",
            $"container_network_io_bytes_total{{{container},network_io_direction=\"receive\"}} 9007199254740992",
            $"container_disk_io_bytes_total{{{container},disk_io_direction=\"write\"}} 0",
            $"system_cpu_utilization_ratio{{{host}}} 0.125",
            $"dockmon_host_network_bytes_per_second{{{host}}} 1500.5",
            "",
        ]);
        text.ShouldContain("# TYPE container_network_io_bytes_total counter\n# HELP container_network_io_bytes_total ");
    }

    [Fact]
    public async Task Who_asks_for_OpenMetrics_gets_it_with_units_and_an_end()
    {
        await SampleAsync();
        var text = await ReadAsync("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", "application/openmetrics-text");
        text.ShouldContain("# TYPE container_network_io_bytes counter\n# UNIT container_network_io_bytes bytes\n# HELP container_network_io_bytes ");
        text.ShouldContain("\ncontainer_network_io_bytes_total{");
        text.ShouldEndWith("\n# EOF\n");
        foreach (var line in text.TrimEnd('\n').Split('\n'))
        {
            Line().IsMatch(line).ShouldBeTrue(line);
        }
    }

    [Fact]
    public async Task A_container_without_recent_samples_and_a_host_without_its_agent_are_told_as_such()
    {
        await SampleAsync();
        Hub.Time.Advance(MetricsApi.Fresh + TimeSpan.FromSeconds(1));
        await LoseAgentAsync();
        var text = await ReadAsync();
        text.ShouldNotContain("container_cpu_usage{");
        text.ShouldContain($"dockmon_agent_connected{{host_id=\"{Agent.HostId}\",host_name=\"host\"}} 0\n");
    }

    [Fact]
    public async Task Without_the_key_there_are_no_metrics()
    {
        using var http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = Hub.Http.BaseAddress };
        using var answer = await http.GetAsync("/metrics", Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public void The_page_of_the_metrics_has_each_of_them()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "metrics.md"));
        foreach (var family in MetricFamily.OfSamples)
        {
            page.ShouldContain($"| `{family.Name}{(family.IsCounter ? "_total" : "")}` |");
        }
    }

    private async Task SampleAsync()
    {
        await Agent.SendAsync("""{"type":"stats","stats":{"cpu_percent":12.5,"net_bytes_per_sec":1500.5}}""", Token);
        await Agent.SendEventAsync(
            "container_stats",
            """
            {"container_id":"c1","container_name":"/we\\b\"\n","cpu_percent":112.5,"memory_usage":741376,"network_rx":9007199254740992,"disk_write":0}
            """,
            Token);
        await UntilReadAsync();
    }

    private async Task<string> ReadAsync(string accept = "*/*", string type = "text/plain")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.TryAddWithoutValidation("Accept", accept);
        using var answer = await Hub.Http.SendAsync(request, Token);
        answer.EnsureSuccessStatusCode();
        answer.Content.Headers.ContentType!.MediaType.ShouldBe(type);
        return await answer.Content.ReadAsStringAsync(Token);
    }

    [GeneratedRegex("""^(# (TYPE|UNIT|HELP) [a-z_]+ .+|# EOF|[a-z_]+\{([a-z_]+="([^"\\\n]|\\["\\n])*",?)+\} -?[0-9.E+-]+)$""")]
    private static partial Regex Line();
}
