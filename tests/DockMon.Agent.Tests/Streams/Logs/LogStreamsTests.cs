using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Delivery;
using DockMon.Agent.Policies;
using DockMon.Agent.Streams.Events;
using DockMon.Agent.Streams.Logs;
using DockMon.Agent.Tests.Policies;
using DockMon.Engine;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.Logs;

public sealed class LogStreamsTests : IAsyncDisposable
{
    private const string Id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private const string Start = """{"action":"start","stream_id":"s","container_id":"web"}""";

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly TemporaryFolder _folder = new();
    private readonly ContainerTracker _tracker = new();
    private readonly PolicySource _policies = Gates.NoPolicy;
    private readonly ConcurrentQueue<Func<Stream, CancellationToken, Task>> _readings = new();
    private readonly ScriptedEngine _engine;
    private readonly Outbound _outbound;
    private readonly LogStreams _logs;
    private volatile string _state = """{"Running":true}""";
    private volatile int _status = 200;

    public LogStreamsTests()
    {
        _engine = ScriptedEngine.Answering(Answer);
        _outbound = new Outbound(new Outbox(_folder.Path), _time, NullLogger<Outbound>.Instance);
        _logs = new LogStreams(_engine.Client, Gates.Of(_policies, _engine.Client), _tracker, _outbound, _time, NullLogger<LogStreams>.Instance);
        _logs.AddTo(new Routes());
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _logs.ConnectionLost();
        await _engine.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Lines_come_with_their_times_and_in_order_and_after_a_moment_at_most()
    {
        Read((1, "one"), (2, "two"));
        Take(Start);
        var (seq, lines) = await DataAsync();
        seq.ShouldBe(1);
        lines.ShouldBe([Line(1, "one"), Line(2, "two")]);
        _engine.Requests.ShouldContain($"/containers/{Id}/logs?stdout=1&stderr=1&tail=100&timestamps=1&follow=1");
    }

    [Fact]
    public async Task Without_credit_nothing_is_sent_and_the_engine_is_not_read()
    {
        var sent = 0;
        _readings.Enqueue(async (stream, ct) =>
        {
            for (; ; sent++)
            {
                await WriteAsync(stream, sent, new string('x', 8000), ct);
            }
        });
        Take("""{"action":"start","stream_id":"s","container_id":"web","credit":2}""");
        List<LogLine> received = [];
        for (var i = 1; i <= 2; i++)
        {
            var (seq, lines) = await DataAsync();
            seq.ShouldBe(i);
            received.AddRange(lines);
        }

        // The buffers of the sockets fill, and then it waits.
        var (before, looks) = (-1, 0);
        await Retry.UntilAsync("the engine waits", () => (looks = before == (before = sent) ? looks + 1 : 0) > 10, ct: Token);
        sent.ShouldBeLessThan(1000);
        _outbound.HasPending.ShouldBeFalse();
        Take("""{"action":"credit","stream_id":"s","credit":1}""");
        received.AddRange((await DataAsync()).Lines);
        received.Select(line => line.Time).ShouldBe(Enumerable.Range(0, received.Count).Select(TimeOf), "nothing is lost");
    }

    [Fact]
    public async Task A_container_that_ends_is_followed_again_when_it_runs_without_a_line_twice()
    {
        Read(end: true, (1, "one"), (2, "two"));
        Read((2, "two"), (3, "three"));
        _state = """{"Running":false}""";
        Take(Start);
        (await DataAsync()).Lines.Count.ShouldBe(2);
        await Retry.UntilAsync("it was looked at", () => _engine.Requests.Contains($"/containers/{Id}/json"), ct: Token);

        _state = """{"Running":true}""";
        _tracker.Apply(new EngineEvent { Action = "start", ActorId = Id });
        var (seq, lines) = await DataAsync();
        seq.ShouldBe(2);
        lines.ShouldBe([Line(3, "three")]);
        _engine.Requests.Last(path => path.Contains("/logs?", StringComparison.Ordinal))
            .ShouldEndWith("tail=all&timestamps=1&follow=1&since=1795435200.000000002");
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task An_engine_that_restarts_costs_no_line_whether_it_breaks_the_log_off_or_ends_it(bool end, bool cut)
    {
        Read(end, cut, (1, "one"));
        Read((1, "one"), (2, "two"));
        Take(Start);
        (await DataAsync()).Lines.ShouldBe([Line(1, "one")]);
        (await DataAsync()).Lines.ShouldBe([Line(2, "two")]);
    }

    [Fact]
    public async Task A_container_that_is_removed_ends_its_stream()
    {
        Read(end: true, (1, "one"));
        _state = """{"Running":false}""";
        Take(Start);
        (await DataAsync()).Lines.Count.ShouldBe(1);
        await Retry.UntilAsync("it was looked at", () => _engine.Requests.Contains($"/containers/{Id}/json"), ct: Token);
        _status = 404;
        (await EndAsync()).ShouldBe(("removed", null));
        await Retry.UntilAsync("it is forgotten", () => _logs.Count == 0, ct: Token);
    }

    [Fact]
    public async Task A_log_up_to_a_time_is_read_and_not_followed()
    {
        Read(end: true, (1, "one"));
        Take("""{"action":"start","stream_id":"s","container_id":"web","tail":-1,"since":"2026-11-23T11:00:00Z","until":1795435200}""");
        (await DataAsync()).Lines.ShouldBe([Line(1, "one")]);
        (await EndAsync()).ShouldBe(("complete", null));
        const string Query = "tail=all&timestamps=1&follow=0&since=1795431600.000000000&until=1795435200";
        _engine.Requests.ShouldContain(path => path.EndsWith(Query, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_stops_a_stream_is_told_behind_the_last_lines()
    {
        Read((1, "one"));
        Take(Start);
        (await DataAsync()).Lines.Count.ShouldBe(1);
        Take("""{"action":"stop","stream_id":"s"}""");
        (await EndAsync()).ShouldBe(("stopped", null));
        Take("""{"action":"stop","stream_id":"s"}""");
        Take("""{"action":"credit","stream_id":"s","credit":5}""");
    }

    [Fact]
    public async Task With_the_connection_all_of_it_ends_without_a_word()
    {
        Read((1, "one"));
        Take(Start);
        await Retry.UntilAsync("it is read", () => _engine.Requests.Any(path => path.Contains("/logs?", StringComparison.Ordinal)), ct: Token);
        _logs.ConnectionLost();
        await Retry.UntilAsync("it is forgotten", () => _logs.Count == 0, ct: Token);
        _outbound.Reset();
        _outbound.HasPending.ShouldBeFalse();
    }

    [Fact]
    public async Task A_log_that_may_not_be_read_may_not_be_followed_either_and_no_longer_than_that()
    {
        _policies.Use(Gates.Policy("mode: full\ndeny: [get_logs]"));
        Take(Start);
        (await EndAsync()).ShouldBe(("refused", "refused by this host's policy: get_logs is not allowed (deny: get_logs)"));

        _policies.Use(Gates.Policy("mode: full\ncontainers: [{ match: { name: other }, deny: [shell] }]"));
        Read((1, "one"));
        Take(Start);
        (await DataAsync()).Lines.Count.ShouldBe(1);
        await _logs.RecheckAsync(Token);
        _logs.Count.ShouldBe(1);
        _policies.Use(Gates.Policy("mode: full\ncontainers: [{ match: { name: web }, deny: [logs] }]"));
        await _logs.RecheckAsync(Token);
        (await EndAsync()).Reason.ShouldBe("refused");
    }

    [Fact]
    public async Task A_hidden_container_is_as_one_that_is_not_there()
    {
        _status = 404;
        Take(Start);
        var missing = await EndAsync();
        _status = 200;
        _policies.Use(Gates.Policy("mode: full\ncontainers: [{ match: { name: web }, hide: true }]"));
        Take(Start);
        (await EndAsync()).ShouldBe(missing);
        missing.ShouldBe(("failed", "No such container: web"));
        _engine.Requests.ShouldNotContain(path => path.Contains("/logs", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Streams_are_limited_for_a_container_and_for_the_agent()
    {
        for (var i = 0; i <= LogStreams.ContainerLimit; i++)
        {
            Take($$"""{"action":"start","stream_id":"{{i}}","container_id":"web"}""");
        }

        (await EndAsync()).ShouldBe(("refused", "the log of this container is followed 8 times already"));
        for (var i = 0; i <= LogStreams.Limit - LogStreams.ContainerLimit; i++)
        {
            Take($$"""{"action":"start","stream_id":"o{{i}}","container_id":"web{{i}}"}""");
        }

        (await EndAsync()).ShouldBe(("refused", "32 logs of this host are followed already"));
        Should.Throw<CommandException>(() => Take("""{"action":"start","stream_id":"0","container_id":"web"}""")).Message.ShouldBe("stream 0 is there already");
    }

    [Theory]
    [InlineData("""{"action":"fly","stream_id":"s"}""", "unknown action: fly")]
    [InlineData("""{"action":"start","container_id":"c"}""", "stream_id is missing")]
    [InlineData("""{"action":"credit","stream_id":"s","credit":0}""", "credit must be a number of frames above 0")]
    [InlineData("""{"action":5}""", "invalid payload: $.action: ")]
    public void What_cannot_be_done_is_said(string message, string reason) =>
        Should.Throw<CommandException>(() => Take(message)).Message.ShouldStartWith(reason);

    [Theory]
    [InlineData("""{"action":"start","stream_id":"s"}""", "refused", "container_id is missing")]
    [InlineData("""{"action":"start","stream_id":"s","container_id":"web","since":"yesterday"}""", "refused", "since must be an RFC 3339 time or Unix seconds")]
    public async Task A_start_that_is_wrong_ends_with_the_reason(string message, string reason, string error)
    {
        Take(message);
        var end = await EndAsync();
        end.Reason.ShouldBe(reason);
        end.Error!.ShouldStartWith(error);
    }

    [Fact]
    public async Task An_agent_that_stops_starts_none_and_ends_those_that_run()
    {
        Read((1, "one"));
        Take(Start);
        (await DataAsync()).Lines.Count.ShouldBe(1);
        await _logs.FinishAsync(TimeSpan.FromSeconds(30));
        (await EndAsync()).ShouldBe(("failed", "the agent is stopping"));
        Take(Start);
        (await EndAsync()).ShouldBe(("refused", "the agent is stopping"));
    }

    private static LogLine Line(int number, string text) => new(TimeOf(number), "stdout", text);

    private static string TimeOf(int number) => string.Create(CultureInfo.InvariantCulture, $"2026-11-23T12:00:00.{number:000000000}Z");

    private static async Task WriteAsync(Stream stream, int number, string text, CancellationToken ct)
    {
        var line = Encoding.UTF8.GetBytes($"{TimeOf(number)} {text}\n");
        byte[] frame = [1, 0, 0, 0, 0, 0, (byte)(line.Length >> 8), (byte)line.Length, .. line];
        await stream.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes($"{frame.Length:x}\r\n"), .. frame, (byte)'\r', (byte)'\n'], ct);
    }

    private void Take(string message) => _logs.HandleFrame(JsonElement.Parse(message));

    private void Read(params (int Number, string Text)[] lines) => Read(end: false, cut: false, lines);

    private void Read(bool end, params (int Number, string Text)[] lines) => Read(end, cut: false, lines);

    /// <summary>What the next reading of the log gives.</summary>
    private void Read(bool end, bool cut, params (int Number, string Text)[] lines) => _readings.Enqueue(async (stream, ct) =>
    {
        foreach (var (number, text) in lines)
        {
            await WriteAsync(stream, number, text, ct);
        }

        if (end)
        {
            await stream.WriteAsync("0\r\n\r\n"u8.ToArray(), ct);
        }
        else if (!cut)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
        }
    });

    private ScriptedAnswer Answer(string line)
    {
        if (line.Contains("/logs?", StringComparison.Ordinal))
        {
            var head = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
            return new ScriptedAnswer(head, Then: _readings.TryDequeue(out var reading) ? reading : null, Hang: reading is null);
        }

        var reference = line.Split('/')[^2];
        return _status == 200 && (reference == Id || reference.StartsWith("web", StringComparison.Ordinal))
            ? ScriptedAnswer.Json($$$"""{"Id":"{{{Id}}}","Name":"/web","State":{{{_state}}},"Config":{"Labels":{} } }""")
            : ScriptedAnswer.Json($$"""{"message":"No such container: {{reference}}"}""", 404);
    }

    private async Task<(long Seq, IReadOnlyList<LogLine> Lines)> DataAsync()
    {
        var frame = await FrameAsync();
        frame.Command.ShouldBe(EventNames.LogData, frame.Payload?.ToString());
        var data = frame.Payload!.Value.Deserialize(ProtocolJson.Default.LogData)!;
        return (data.Seq, data.Lines);
    }

    private async Task<(string Reason, string? Error)> EndAsync()
    {
        var frame = await FrameAsync();
        frame.Command.ShouldBe(EventNames.LogEnd, frame.Payload?.ToString());
        var end = frame.Payload!.Value.Deserialize(ProtocolJson.Default.LogEnd)!;
        return (end.Reason, end.Error);
    }

    private async Task<Frame> FrameAsync()
    {
        OutboundFrame? frame = null;
        await Retry.UntilAsync(
            "there is a frame",
            () =>
            {
                _time.Advance(LogBatch.Wait);
                return (frame = _outbound.TryTake()) is not null;
            },
            ct: Token);
        return Frame.Parse(frame!.Bytes);
    }
}
