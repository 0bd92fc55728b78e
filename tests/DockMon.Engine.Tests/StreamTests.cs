using System.Text;
using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;

namespace DockMon.Engine.Tests;

public sealed class StreamTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pull_tells_its_progress()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Stream(chunks: [
            """{"status":"Pulling from app","id":"v1"}""" + "\r\n" + """{"status":"Down""",
            """loading","progressDetail":{"current":5,"total":9},"id":"abc"}""" + "\r\n",
            """{"status":"Status: Downloaded newer image","progressDetail":{}}"""]));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        var lines = await client.PullImageAsync("host:5000/app:v1", "me", "p?>", Ct).ToListAsync(Ct);

        lines[1].ShouldBe(new PullProgress { Id = "abc", Status = "Downloading", Current = 5, Total = 9 });
        lines.Count.ShouldBe(3);
        var request = engine.Calls.Last();
        request.Line.ShouldBe("POST /v1.41/images/create?fromImage=host%3A5000%2Fapp&tag=v1");
        var auth = request.Headers.Split("\r\n").Single(h => h.StartsWith("X-Registry-Auth: ", StringComparison.Ordinal))[17..];
        Encoding.UTF8.GetString(Convert.FromBase64String(auth.Replace('-', '+').Replace('_', '/')))
            .ShouldBe("""{"username":"me","password":"p?\u003E","serveraddress":"host:5000"}""");
    }

    [Fact]
    public async Task An_error_inside_a_pull_is_an_error()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Stream(chunks: [
            """{"status":"Pulling"}{"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"}"""]));
        (await PullFailsAsync<EngineException>(engine)).Message.ShouldBe("manifest unknown");
    }

    [Fact]
    public async Task A_pull_that_is_cut_short_is_an_error()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Stream(cutShort: true, chunks: ["""{"status":"Pulling"}"""]));
        (await PullFailsAsync<EngineUnavailableException>(engine)).Message.ShouldContain("cut off");
    }

    [Fact]
    public async Task A_pull_without_a_word_is_an_error()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Stream());
        (await PullFailsAsync<EngineException>(engine)).Message.ShouldContain("without a word");
    }

    [Fact]
    public async Task A_silent_pull_is_given_up_after_five_minutes()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Stream(hang: true, chunks: ["""{"status":"Pulling"}"""]));
        var time = new FakeTimeProvider();
        using var client = new EngineClient(engine.Endpoint, time);
        await using var lines = client.PullImageAsync("app", null, null, Ct).GetAsyncEnumerator(Ct);

        (await lines.MoveNextAsync()).ShouldBeTrue();
        var next = lines.MoveNextAsync().AsTask();
        time.Advance(TimeSpan.FromMinutes(4.9));
        next.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromMinutes(0.1));

        (await Should.ThrowAsync<EngineTimeoutException>(() => next)).Message.ShouldBe("timeout: the Docker engine was silent for 300 s while it pulled app");
    }

    [Fact]
    public async Task Events_come_after_the_connection_is_announced()
    {
        await using var engine = ScriptedEngine.Answering(line => line.EndsWith("_ping", StringComparison.Ordinal) ? ScriptedAnswer.Json("OK") : ScriptedAnswer.Stream(chunks: [
            """{"status":"start","id":"abc","Type":"container","Action":"start","Actor":{"ID":"abc","Attributes":{"name":"web"}},"time":1,"timeNano":1000000001}"""]));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);
        var order = new List<string>();

        var filters = new Dictionary<string, string[]> { ["type"] = ["container"] };
        await foreach (var happened in client.WatchEventsAsync("1700000000.000000001", filters, () => order.Add("connected"), Ct))
        {
            order.Add($"{happened.Type} {happened.Action} {happened.ActorId} {happened.Attributes["name"]} {happened.TimeNano}");
        }

        order.ShouldBe(["connected", "container start abc web 1000000001"]);
        Uri.UnescapeDataString(engine.Calls.Last().Line)
            .ShouldBe("""GET /v1.41/events?since=1700000000.000000001&filters={"type":["container"]}""");
    }

    [Fact]
    public async Task An_event_that_is_too_large_or_cannot_be_read_costs_itself_only()
    {
        var labels = string.Join(',', Enumerable.Range(0, 20_000).Select(n => $"\"a{n}\":\"{n}\""));
        var text = new string('x', 18_000_000);
        await using var engine = ScriptedEngine.Answering(line => line.EndsWith("_ping", StringComparison.Ordinal) ? ScriptedAnswer.Json("OK") : ScriptedAnswer.Stream(chunks: [
            $$$"""{"Type":"container","Action":"die","Actor":{"ID":"abc","Attributes":{"a":"{{{text}}}","exitCode":"1","name":"web"}},"timeNano":1}""",
            $$$"""{"Type":"container","Action":"die","Actor":{"ID":"def","Attributes":{{{{labels}}},"exitCode":"2","name":"db"}},"timeNano":2}""",
            """{"Type":"container","Action":["die"],"timeNano":3}""",
            """{"Type":"container","Action":"start","Actor":{"ID":"ghi","Attributes":{"name":"web"}},"timeNano":4}"""]));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);
        var told = new List<EngineExcess>();
        client.Exceeded = told.Add;

        var events = await client.WatchEventsAsync(null, null, null, Ct).ToListAsync(Ct);

        events.Select(e => (e.ActorId, e.Action, e.IsUnreadable, e.Attributes.GetValueOrDefault("name"), e.Attributes.GetValueOrDefault("exitCode")))
            .ShouldBe([("abc", "die", false, "web", "1"), ("def", "die", false, "db", "2"), ("", "", true, null, null), ("ghi", "start", false, "web", null)]);
        events[0].Attributes["a"].ShouldEndWith("xx… (cut, 18000000 bytes)");
        told.Select(excess => excess.Problem[..10]).ShouldBe(["what was t", "what was t", "it was pas"]);
        told[0].ShouldSatisfyAllConditions(excess => excess.Request.ShouldBe("GET /events"), excess => excess.Length.ShouldBeInRange(18_000_000, 18_000_200));
    }

    [Fact]
    public async Task An_engine_that_keeps_its_headers_back_counts_as_connected()
    {
        var arrived = new TaskCompletionSource();
        await using var engine = ScriptedEngine.Answering(line =>
            line.EndsWith("_ping", StringComparison.Ordinal) ? ScriptedAnswer.Json("OK") : ScriptedAnswer.NeverAfter(arrived));
        var time = new FakeTimeProvider();
        using var client = new EngineClient(engine.Endpoint, time);
        using var cancel = new CancellationTokenSource();
        var connected = new TaskCompletionSource();
        await using var events = client.WatchEventsAsync(null, null, connected.SetResult, cancel.Token).GetAsyncEnumerator(Ct);

        var first = events.MoveNextAsync().AsTask();
        await arrived.Task.WaitAsync(Ct);
        while (!connected.Task.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }

        first.IsCompleted.ShouldBeFalse();
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => first);
    }

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
        await foreach (var chunk in client.ReadLogsAsync("abc", new LogOptions { Tail = 5, Since = "2026-01-01T00:00:00Z" }, Ct))
        {
            found.Add($"{chunk.Stream}:{Encoding.UTF8.GetString(chunk.Data.Span)}");
        }

        found.ShouldBe([form == "raw" ? "Stdout:hello" : "Stderr:hello"]);
        engine.Calls.ElementAt(1).Line.ShouldBe(
            $"GET /v{version}/containers/abc/logs?stdout=1&stderr=1&tail=5&timestamps=0&follow=0&since=1767225600.000000000");
    }

    [Theory]
    [InlineData("application/vnd.docker.multiplexed-stream", "\u0001\0\0\0\0\0\0\u0005hello")]
    [InlineData("application/vnd.docker.raw-stream", "hello")]
    public async Task A_log_that_falls_silent_is_given_up_after_a_minute_unless_it_is_followed(string type, string text)
    {
        await using var engine = new ScriptedEngine(line => line == "GET /_ping" ? ScriptedAnswer.Ping("1.45")
            : new ScriptedAnswer($"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\n\r\n{text}", Hang: true));
        var time = new FakeTimeProvider();
        using var client = new EngineClient(engine.Endpoint, time);
        await using var chunks = client.ReadLogsAsync("abc", new LogOptions(), Ct).GetAsyncEnumerator(Ct);
        using var enough = new CancellationTokenSource();
        await using var followed = client.ReadLogsAsync("abc", new LogOptions { Follow = true }, enough.Token).GetAsyncEnumerator(Ct);
        (await chunks.MoveNextAsync()).ShouldBeTrue();
        (await followed.MoveNextAsync()).ShouldBeTrue();
        time.Advance(TimeSpan.FromHours(1)); // Nobody has asked for more yet.

        var (next, later) = (chunks.MoveNextAsync().AsTask(), followed.MoveNextAsync().AsTask());
        time.Advance(TimeSpan.FromSeconds(59));
        next.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(1));

        (await Should.ThrowAsync<EngineTimeoutException>(() => next)).Message.ShouldBe("timeout: the Docker engine was silent for 60 s while it sent the log of abc");
        later.IsCompleted.ShouldBeFalse();
        await enough.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => later);
    }

    private static async Task<T> PullFailsAsync<T>(ScriptedEngine engine)
        where T : Exception
    {
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);
        return await Should.ThrowAsync<T>(async () => await client.PullImageAsync("app", null, null, Ct).ToListAsync(Ct));
    }
}
