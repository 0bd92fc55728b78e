using System.Text;
using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;

namespace DockMon.Engine.Tests;

public sealed class LogsTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("1.41", "", true, "raw")]
    [InlineData("1.41", "application/vnd.docker.raw-stream", false, "frames")]
    [InlineData("1.45", "application/vnd.docker.raw-stream", false, "raw")]
    [InlineData("1.45", "application/vnd.docker.multiplexed-stream", true, "frames")]
    public async Task Logs_are_divided_as_the_engine_says(string version, string type, bool tty, string form)
    {
        var text = form == "raw" ? "hello" : "\u0002\0\0\0\0\0\0\u0005hello";
        await using var engine = new ScriptedEngine(line => line switch
        {
            "GET /_ping" => ScriptedAnswer.Ping(version),
            _ when line.Contains("/logs?", StringComparison.Ordinal) => ScriptedAnswer.Json(text, headers: type == "" ? "" : $"Content-Type: {type}\r\n"),
            _ => ScriptedAnswer.Json($$$"""{"Config":{"Tty":{{{(tty ? "true" : "false")}}}}}"""),
        });
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        var found = new List<string>();
        await foreach (var piece in client.ReadLogsAsync("abc", new LogOptions { Tail = 5, Since = "2026-01-01T00:00:00Z" }, Ct))
        {
            found.Add(piece.Source + " " + Encoding.UTF8.GetString(piece.Data.Span));
        }

        found.ShouldBe([form == "raw" ? "Terminal hello" : "Error hello"]);
        engine.Calls.ElementAt(1).Line.ShouldBe(
            $"GET /v{version}/containers/abc/logs?stdout=1&stderr=1&tail=5&timestamps=0&follow=0&since=1767225600.000000000");
    }

    [Fact]
    public async Task A_log_that_is_followed_may_be_silent_for_as_long_as_it_likes()
    {
        await using var engine = new ScriptedEngine(line => line == "GET /_ping" ? ScriptedAnswer.Ping("1.45")
            : new ScriptedAnswer("HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n\r\n", Hang: true));
        var time = new FakeTimeProvider();
        using var client = new EngineClient(engine.Endpoint, time);
        var options = new LogOptions { Follow = true, Until = "1767225600.5" };
        await using var chunks = client.ReadLogsAsync("abc", options, Ct).GetAsyncEnumerator(Ct);
        var next = chunks.MoveNextAsync().AsTask();
        await Retry.UntilAsync("it is asked", () => engine.Requests.Count == 1, ct: Ct);
        time.Advance(TimeSpan.FromDays(1));
        next.IsCompleted.ShouldBeFalse();
        engine.Calls.Last().Line.ShouldEndWith("&timestamps=0&follow=1&until=1767225600.5");
        await engine.DisposeAsync();
        (await next).ShouldBeFalse();
    }

    [Theory]
    [InlineData("application/vnd.docker.multiplexed-stream", "\u0001\0\0\0\0\0\0\u0005hello")]
    [InlineData("application/vnd.docker.raw-stream", "hello")]
    public async Task A_log_that_falls_silent_is_given_up_after_a_minute(string type, string text)
    {
        await using var engine = new ScriptedEngine(line => line == "GET /_ping" ? ScriptedAnswer.Ping("1.45")
            : new ScriptedAnswer($"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\n\r\n{text}", Hang: true));
        var time = new FakeTimeProvider();
        using var client = new EngineClient(engine.Endpoint, time);
        await using var chunks = client.ReadLogsAsync("abc", new LogOptions(), Ct).GetAsyncEnumerator(Ct);
        (await chunks.MoveNextAsync()).ShouldBeTrue();
        time.Advance(TimeSpan.FromHours(1)); // Nobody has asked for more yet.

        var next = chunks.MoveNextAsync().AsTask();
        time.Advance(TimeSpan.FromSeconds(59));
        next.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(1));

        (await Should.ThrowAsync<EngineTimeoutException>(() => next)).Message.ShouldBe(
            "timeout: the Docker engine was silent for 60 s while it sent the log of abc");
    }
}
