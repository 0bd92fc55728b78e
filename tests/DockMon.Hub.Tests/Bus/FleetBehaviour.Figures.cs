using System.Net;
using System.Text.Json;
using DockMon.Hub.History.Live;
using DockMon.Hub.Inventory;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Bus;

/// <content>Live figures of agents of another hub.</content>
public abstract partial class FleetBehaviour
{
    [Fact]
    public async Task Figures_of_an_agent_of_another_hub_are_in_lists_streams_and_statistics()
    {
        var agent = await StartSampledAsync();
        var stats = await ReadAsync(Two, Path(agent, "/stats"));
        stats.GetProperty("containers").GetProperty("c1").GetProperty("cpu_percent").GetDouble().ShouldBe(12.5);
        var samples = await ReadAsync(Two, Path(agent, "/stats/history?container_id=c1"));
        samples.EnumerateArray().Single().GetProperty("stats").GetProperty("cpu_percent").GetDouble().ShouldBe(12.5);
        var history = await ReadAsync(Two, Path(agent, "/stats/history?container_name=web"));
        history.GetProperty("points").EnumerateArray().Single().GetProperty("cpu_percent").GetProperty("avg").GetDouble().ShouldBe(12.5);

        var sorted = await ReadAsync(Two, "/api/containers?sort=cpu&order=desc&limit=1");
        var first = sorted.GetProperty("items").EnumerateArray().Single();
        (first.GetProperty("id").GetString(), first.GetProperty("figures").GetProperty("cpu_percent").GetDouble()).ShouldBe(("c1", 12.5));

        using var reader = await OpenAsync(Two.Http, $"/api/containers/changes?figures={agent.HostId}:c1");
        var (name, data) = await NextAsync(reader);
        name.ShouldBe("figures");
        data.EnumerateArray().Single().GetProperty("figures").GetProperty("cpu_percent").GetDouble().ShouldBe(12.5);
    }

    [Fact]
    public async Task A_host_is_in_the_metrics_of_one_hub()
    {
        var agent = await StartSampledAsync();
        var (one, two) = (await MetricsAsync(One), await MetricsAsync(Two));
        one.ShouldContain($"dockmon_agent_connected{{host_id=\"{agent.HostId}\",host_name=\"host\"}} 1\n");
        one.ShouldContain("container_cpu_usage{");
        two.ShouldNotContain(agent.HostId);

        // It comes to the other hub, and what the first one knew of it is old.
        agent = await Two.ReconnectAsync(agent, Token);
        await UntilConnectedAsync(One, agent);
        await Retry.UntilAsync(
            "the first hub has let it go", async () => !(await MetricsAsync(One)).Contains(agent.HostId, StringComparison.Ordinal), ct: Token);
        (await MetricsAsync(Two)).ShouldContain(agent.HostId);

        agent.Socket.Abort();
        await UntilConnectedAsync(One, agent, connected: false);
        await UntilConnectedAsync(Two, agent, connected: false);
        var line = $"dockmon_agent_connected{{host_id=\"{agent.HostId}\",host_name=\"host\"}} 0\n";
        (await Task.WhenAll(MetricsAsync(One), MetricsAsync(Two))).Count(text => text.Contains(line, StringComparison.Ordinal)).ShouldBe(1);
    }

    private static async Task<string> MetricsAsync(HubFixture hub) => (await hub.AskAsync(HttpMethod.Get, "/metrics", null, Token)).Body;

    private static async Task<JsonElement> ReadAsync(HubFixture hub, string path)
    {
        var (status, body) = await hub.AskAsync(HttpMethod.Get, path, null, Token);
        status.ShouldBe(HttpStatusCode.OK, body);
        return JsonElement.Parse(body);
    }

    /// <summary>An agent at the first hub with two containers, of which one has a sample.</summary>
    private async Task<FakeAgent> StartSampledAsync()
    {
        var agent = await StartAgentAsync();
        await Service<InventoryUpdates>(One).TakeListAsync(
            agent.HostId, JsonElement.Parse("""[{"Id":"c0","Names":["/db"],"State":"running"},{"Id":"c1","Names":["/web"],"State":"running"}]"""), Token);
        await agent.SendEventAsync(EventNames.ContainerStats, """{"container_id":"c1","container_name":"web","cpu_percent":12.5}""", Token);
        await Retry.UntilAsync(
            "the first hub has the sample", () => Service<LiveSamples>(One).Newest(agent.HostId, "c1") is not null, ct: Token);
        return agent;
    }
}
