using System.Net;
using System.Text.Json;
using DockMon.Hub.History;
using DockMon.Hub.Storage;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.History;

public sealed class HistoryApiTests : HubTests
{
    [Fact]
    public async Task Minutes_survive_a_hub_that_stops()
    {
        await SampleAsync(64);
        await Hub.App.StopAsync(Token);
        await Hub.RestartAsync(Token);
        var answer = await Service<HistoryQuery>().ReadAsync(Agent.HostId, "web", null, null, 60, Token);
        answer.Points.ShouldHaveSingleItem().CpuPercent.ShouldBe(new HistorySpread(64, 64, 64));
    }

    [Theory]
    [InlineData("container_name=web")]
    [InlineData("container_name=%2Fweb&step=1")]
    [InlineData("container_id=c1&from=2026-11-23T11:00:00Z")]
    public async Task A_history_is_read_by_name_and_by_the_id_of_a_running_container(string query)
    {
        await SampleAsync(50);
        var answer = await ReadAsync(query);
        answer.GetProperty("series").GetString().ShouldBe("web");
        answer.GetProperty("tier").GetString().ShouldBe("1m");
        answer.GetProperty("step_seconds").GetInt32().ShouldBe(60);
        answer.GetProperty("points").EnumerateArray().Single().GetRawText().ShouldBe(
            """{"time":"2026-11-23T12:00:00+00:00","samples":1,"cpu_percent":{"min":50,"avg":50,"max":50},"memory_usage":{"min":7,"avg":7,"max":7}}""");
    }

    [Theory]
    [InlineData("0123456789abcdef")]
    [InlineData("0123456789ab")]
    public async Task A_container_that_has_stopped_is_found_by_its_id_among_those_the_hub_knows(string id)
    {
        await ExecuteAsync(
            $"""
            INSERT INTO containers (
                host_id, id, name, image, image_id, state, status, health, created, started_at, ports, project, service, detail, search)
            VALUES ('{Agent.HostId}', '0123456789abcdef', 'stopped', '', '', '', '', '', 0, '', '[]', '', '', '', '')
            """);
        (await ReadAsync($"container_id={id}&step=60")).GetProperty("series").GetString().ShouldBe("stopped");
        (await ReadAsync("container_id=0123&step=60")).GetProperty("series").GetString().ShouldBe("0123");
    }

    [Fact]
    public async Task Minutes_are_in_the_journal_five_minutes_later_and_in_blocks_when_their_hour_is_over()
    {
        await SampleAsync(50);
        await TurnUntilAsync("the minute is in the journal", "stats_journal");
        await TurnUntilAsync("the hour is in blocks", "stats_blocks");
        (await ReadAsync("container_name=web&from=2026-11-23T12:00:00Z&to=2026-11-23T12:01:00Z")).GetProperty("points").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task The_last_minutes_are_answered_in_seconds()
    {
        await SampleAsync(1);
        Hub.Time.Advance(TimeSpan.FromSeconds(2));
        await SampleAsync(3);
        var answer = await ReadAsync("container_name=web&from=2026-11-23T12:00:00Z");
        answer.GetProperty("tier").GetString().ShouldBe("1s");
        answer.GetProperty("points").EnumerateArray().Select(point => point.GetProperty("cpu_percent").GetProperty("avg").GetInt32()).ShouldBe([1, 3]);
    }

    [Theory]
    [InlineData("from=yesterday", "from and to must be a time")]
    [InlineData("to=7", "from and to must be a time")]
    [InlineData("step=0", "step must be a number of seconds")]
    [InlineData("step=99999999999", "step must be a number of seconds")]
    [InlineData("from=2026-11-23T12:00:00Z&to=2026-11-23T11:00:00Z", "from must not be after to")]
    [InlineData("container_id=c1&container_name=web", "not both")]
    public async Task A_question_that_makes_no_sense_is_refused_with_words(string query, string reason)
    {
        var (status, body) = await Hub.AskAsync(HttpMethod.Get, $"{HostPath}/stats/history?{query}", null, Token);
        (status, body.Contains(reason, StringComparison.Ordinal)).ShouldBe((HttpStatusCode.BadRequest, true), body);
    }

    [Theory]
    [InlineData("container_name=nobody")]
    [InlineData("container_id=nobody&step=60")]
    [InlineData("from=2030-01-01T00:00:00Z")]
    [InlineData("from=0001-01-01T00:00:00Z&to=0001-01-02T00:00:00Z")]
    public async Task A_history_that_does_not_exist_has_no_points(string query) =>
        (await ReadAsync(query)).GetProperty("points").GetArrayLength().ShouldBe(0);

    private async Task SampleAsync(int cpu)
    {
        await Agent.SendEventAsync(
            "container_stats", $$"""{"container_id":"c1","container_name":"/web","cpu_percent":{{cpu}},"memory_usage":7}""", Token);
        await UntilReadAsync();
    }

    private async Task<JsonElement> ReadAsync(string query)
    {
        var (status, body) = await Hub.AskAsync(HttpMethod.Get, $"{HostPath}/stats/history?{query}", null, Token);
        status.ShouldBe(HttpStatusCode.OK, body);
        return JsonElement.Parse(body);
    }

    /// <summary>Lets the time pass until a table has a row.</summary>
    private Task TurnUntilAsync(string reason, string table) => Retry.UntilAsync(
        reason,
        async () =>
        {
            Hub.Time.Advance(TimeSpan.FromMinutes(1));
            return (await Service<Database>().QueryAsync("SELECT COUNT(*) FROM " + table, row => row.GetInt64(0), Token)).Single() > 0;
        },
        ct: Token);
}
