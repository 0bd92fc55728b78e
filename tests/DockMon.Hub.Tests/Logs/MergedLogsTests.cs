using System.Net;
using System.Text;
using System.Text.Json;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Logs;

public sealed class MergedLogsTests : HubTests
{
    [Fact]
    public async Task Logs_of_several_containers_come_in_one_stream_that_ends_with_them()
    {
        var containers = $"container={Agent.HostId}:a&container={Agent.HostId}:b&container=none:c";
        var asking = Hub.AskAsync(HttpMethod.Get, "/api/logs?follow=false&tail=5&" + containers, null, Token);
        for (var i = 0; i < 2; i++)
        {
            var request = await Agent.ReadFrameAsync(Token);
            request.GetProperty("payload").GetProperty("tail").GetInt32().ShouldBe(5);
            var id = request.GetProperty("payload").GetProperty("container_id").GetString();
            await Agent.AnswerOperationAsync(request, $"\"success\":true,\"logs\":\"2026-01-01T00:00:00Z line of {id}\\n\"", Token);
        }

        var (status, text) = await asking;
        status.ShouldBe(HttpStatusCode.OK);
        text.ShouldContain("line of a");
        text.ShouldContain("line of b");
        text.Split("event: end").Length.ShouldBe(4);
        text.ShouldContain("not connected");
    }

    [Fact]
    public async Task A_log_that_is_asked_for_every_second_has_each_line_once()
    {
        using var answer = await Hub.Http.GetAsync($"/api/logs?container={Agent.HostId}:a", HttpCompletionOption.ResponseHeadersRead, Token);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Token), Encoding.UTF8);
        await AnswerAsync("t1 one\\nt2 two\\nt2 three\\n");
        (await LinesAsync(reader)).ShouldBe(["one", "two", "three"]);
        (await AnswerAsync("t2 two\\nt2 three\\n")).GetProperty("since").GetString().ShouldBe("t2");
        await AnswerAsync("t2 two\\nt2 three\\nt2 two\\nt3 four\\n");
        (await LinesAsync(reader)).ShouldBe(["two", "four"]);
    }

    [Fact]
    public async Task A_log_until_a_time_ends_there()
    {
        var asking = Hub.AskAsync(
            HttpMethod.Get, $"/api/logs?container={Agent.HostId}:a&since=2026-01-01T00:00:00Z&until=2026-01-01T00:00:01Z", null, Token);
        var request = await Agent.ReadFrameAsync(Token);
        request.GetProperty("payload").GetProperty("since").GetString().ShouldBe("2026-01-01T00:00:00Z");
        request.GetProperty("payload").GetProperty("tail").GetInt32().ShouldBe(-1);
        await Agent.AnswerOperationAsync(request, "\"success\":true,\"logs\":\"2026-01-01T00:00:01Z in\\n2026-01-01T00:00:01.5Z after\\n\"", Token);
        var (_, text) = await asking.WaitAsync(TimeSpan.FromSeconds(30), Token);
        text.ShouldContain("in");
        text.ShouldNotContain("after");
        text.ShouldContain("event: end");
    }

    [Theory]
    [InlineData("5")]
    [InlineData("\"\\ud800\"")]
    public async Task A_log_that_is_no_text_ends_with_an_error(string logs)
    {
        var asking = Hub.AskAsync(HttpMethod.Get, $"/api/logs?follow=false&container={Agent.HostId}:a", null, Token);
        await Agent.AnswerOperationAsync(await Agent.ReadFrameAsync(Token), $"\"success\":true,\"logs\":{logs}", Token);
        var (_, text) = await asking.WaitAsync(TimeSpan.FromSeconds(30), Token);
        text.ShouldContain("event: end");
        text.ShouldContain("not what the protocol says");
    }

    [Theory]
    [InlineData("")]
    [InlineData("?container=x")]
    [InlineData("?container=:x")]
    [InlineData("?container=h:x&until=noon")]
    public async Task A_request_that_makes_no_sense_is_refused(string query) =>
        (await Hub.AskAsync(HttpMethod.Get, "/api/logs" + query, null, Token)).Status.ShouldBe(HttpStatusCode.BadRequest);

    private static async Task<IEnumerable<string?>> LinesAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync(Token) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return JsonElement.Parse(line["data: ".Length..]).GetProperty("lines").EnumerateArray().Select(one => one.GetProperty("text").GetString());
            }
        }

        throw new EndOfStreamException("The stream ended.");
    }

    /// <summary>Answers the next request for the log, and returns what it asked for.</summary>
    private async Task<JsonElement> AnswerAsync(string logs)
    {
        var reading = Agent.ReadFrameAsync(Token);
        await Retry.UntilAsync("the log is asked for", () =>
        {
            Hub.Time.Advance(TimeSpan.FromMilliseconds(100));
            return reading.IsCompleted;
        }, ct: Token);
        var request = await reading;
        request.GetProperty("payload").GetProperty("action").GetString().ShouldBe(OperationActions.GetLogs);
        await Agent.AnswerOperationAsync(request, $"\"success\":true,\"logs\":\"{logs}\"", Token);
        return request.GetProperty("payload");
    }
}
