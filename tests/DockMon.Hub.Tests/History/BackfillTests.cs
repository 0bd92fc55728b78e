using System.Net;
using System.Text.Json;
using DockMon.Hub.Agents.Limits;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.History;

public sealed class BackfillTests : HubTests
{
    private long Start => Hub.Time.GetUtcNow().AddMinutes(-5).ToUnixTimeSeconds();

    [Fact]
    public async Task The_minutes_of_an_outage_are_in_the_history_of_containers_and_of_the_host()
    {
        var agent = await Hub.ReconnectAsync(Agent, Token, ExtensionNames.StatsBackfill);
        await agent.SendEventAsync(EventNames.StatsBackfill, $$$$"""
            {"minutes":[
              {"start":{{{{Start}}}},"host":{"samples":6,"cpu_percent":[1,2,3],"mem_percent":[40,40,40],"net_bytes_per_sec":[0,10,20]},
               "containers":{"/web":{"samples":6,"cpu_percent":[0.5,1,2],"memory_usage":[100,150,200],"network_rx_bytes_per_sec":[7,8,9]}}},
              {"start":{{{{Start + 60}}}},"containers":{"web":{"samples":5,"cpu_percent":[4,4,4]}}}]}
            """, Token);
        var points = await ReadAsync("container_name=web", 2);
        points[0].GetRawText().ShouldBe(
            """{"time":"2026-11-23T11:55:00+00:00","samples":6,"cpu_percent":{"min":0.5,"avg":1,"max":2},"""
            + """ "memory_usage":{"min":100,"avg":150,"max":200},"network_rx_bytes_per_sec":{"min":7,"avg":8,"max":9}}""".TrimStart());
        points[1].GetProperty("cpu_percent").GetProperty("avg").GetInt32().ShouldBe(4);
        (await ReadAsync("", 1))[0].GetProperty("mem_percent").GetProperty("avg").GetInt32().ShouldBe(40);
    }

    [Fact]
    public async Task Whatever_is_no_figure_is_left_out_and_the_rest_counts()
    {
        var agent = await Hub.ReconnectAsync(Agent, Token, ExtensionNames.StatsBackfill);
        await agent.SendEventAsync(EventNames.StatsBackfill, """{"minutes":"many"}""", Token);
        await agent.SendEventAsync(EventNames.StatsBackfill, """{"minutes":[null,{"start":"long ago"}]}""", Token);
        await agent.SendEventAsync(EventNames.StatsBackfill, $$$$"""
            {"minutes":[null,{"start":{{{{Start}}}},"host":null,"containers":{"":{"samples":9},"none":null,"{{{{new string('x', 300)}}}}":{"samples":3},
              "web":{"samples":2000000000,"cpu_percent":[3,2,1],"memory_usage":[1e999,1e999,1e999],"memory_limit":[1,2],"disk_read_bytes_per_sec":[1,2,3]}}}]}
            """, Token);
        var point = (await ReadAsync("container_name=web", 1)).Single();
        point.EnumerateObject().Select(field => field.Name).ShouldBe(["time", "samples", "disk_read_bytes_per_sec"]);
        point.GetProperty("samples").GetInt32().ShouldBe(60);
        Service<HostQuotas>().Of(Agent.HostId).Reached!.Keys.ShouldContain("invalid_frames");
        IsConnected.ShouldBeTrue();
    }

    [Fact]
    public async Task Of_an_agent_that_did_not_announce_it_nothing_is_taken()
    {
        await Agent.SendEventAsync(EventNames.StatsBackfill, $$$$"""{"minutes":[{"start":{{{{Start}}}},"containers":{"web":{"samples":6}}}]}""", Token);
        await Agent.SendEventAsync(EventNames.DeployProgress, "{}", Token);
        await Retry.UntilAsync("it was read", () => Feed().Count == 2, ct: Token);
        (await ReadAsync("container_name=web", 0)).ShouldBeEmpty();
    }

    [Fact]
    public void A_host_that_brings_minutes_without_end_is_told_so()
    {
        var limits = new AgentLimits { LateMinuteBurst = 100, LateMinutesPerSecond = 1 };
        var quota = new HostQuota("h", limits, Hub.Time, Service<ILogger<HostQuotas>>());
        quota.TakeMinutes(60).ShouldBeTrue();
        quota.TakeMinutes(60).ShouldBeFalse();
        quota.Reached.ShouldBe(new Dictionary<string, long> { ["late_minutes"] = 1 });
        Hub.Time.Advance(TimeSpan.FromMinutes(2));
        quota.TakeMinutes(60).ShouldBeTrue();
    }

    private async Task<List<JsonElement>> ReadAsync(string series, int count)
    {
        List<JsonElement> points = [];
        await Retry.UntilAsync("the minutes are there", async () =>
        {
            var (status, body) = await Hub.AskAsync(
                HttpMethod.Get, $"{HostPath}/stats/history?{series}&step=60&from=2026-11-23T11:50:00Z", null, Token);
            status.ShouldBe(HttpStatusCode.OK);
            points = [.. JsonElement.Parse(body).GetProperty("points").EnumerateArray()];
            return points.Count == count;
        }, ct: Token);
        return points;
    }
}
