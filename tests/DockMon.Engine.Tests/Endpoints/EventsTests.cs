using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;

namespace DockMon.Engine.Tests;

public sealed class EventsTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_come_after_the_connection_is_announced()
    {
        await using var engine = ScriptedEngine.Answering(line => line.EndsWith("_ping", StringComparison.Ordinal)
            ? ScriptedAnswer.Json("OK")
            : ScriptedAnswer.Stream(chunks: [
                """{"status":"start","id":"abc","Type":"container","Action":"start","Actor":{"ID":"abc","Attributes":{"name":"web"}},"time":"""
                + """1,"timeNano":1000000001}"""]));
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
    public async Task An_attribute_that_is_null_is_not_there()
    {
        const string Started = """{"Type":"container","Action":"start","Actor":{"ID":"a","Attributes":{"name":null,"image":"i"}},"timeNano":1}""";
        await using var engine = ScriptedEngine.Answering(line => line.EndsWith("_ping", StringComparison.Ordinal)
            ? ScriptedAnswer.Json("OK")
            : ScriptedAnswer.Stream(chunks: [Started]));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        var events = await client.WatchEventsAsync(null, null, null, Ct).ToListAsync(Ct);

        events.Single().Attributes.ShouldBe(new Dictionary<string, string> { ["image"] = "i" });
    }

    [Fact]
    public async Task An_event_that_is_too_large_or_cannot_be_read_costs_itself_only()
    {
        var labels = string.Join(',', Enumerable.Range(0, 20_000).Select(n => $"\"a{n}\":\"{n}\""));
        var text = new string('x', 18_000_000);
        await using var engine = ScriptedEngine.Answering(line => line.EndsWith("_ping", StringComparison.Ordinal)
            ? ScriptedAnswer.Json("OK")
            : ScriptedAnswer.Stream(chunks: [
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
}
