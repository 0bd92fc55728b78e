using System.Text;
using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Repeats;
using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Agent.Tests.Connection;
using DockMon.Agent.Tests.Policies;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Commands.Repeats;

public sealed class RepeatedRequestsTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly FakeTimeProvider _time = new();
    private readonly TemporaryFolder _folder = new();
    private readonly LogCapture _log = new();
    private readonly Outbound _outbound;
    private readonly List<Run> _runs = [];
    private int _done;

    public RepeatedRequestsTests() => _outbound = new Outbound(new Outbox(_folder.Path), _time, NullLogger<Outbound>.Instance);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string File => Path.Combine(_folder.Path, "requests.jsonl");

    public void Dispose()
    {
        _runs.ForEach(run => run.Dispose());
        _folder.Dispose();
    }

    [Fact]
    public async Task A_request_that_comes_again_is_carried_out_once_and_answered_with_the_first_answer()
    {
        var agent = Start();
        agent.Ask("1");
        var first = await AnswerAsync();
        agent.Ask("1");
        (await AnswerAsync()).ShouldBe(first);
        agent.Ask("2");
        (await AnswerAsync()).ShouldNotBe(first);
        _done.ShouldBe(2);
    }

    [Fact]
    public async Task What_was_answered_is_known_after_a_restart_whether_it_succeeded_or_failed()
    {
        var agent = Start();
        agent.Ask("1");
        var first = await AnswerAsync();
        agent.Ask("2", new Route("fail", Lane, (_, _) => throw new CommandException("it cannot be done")));
        var second = await AnswerAsync();

        agent = Start();
        agent.Ask("1");
        (await AnswerAsync()).ShouldBe(first);
        agent.Ask("2", new Route("fail", Lane, (_, _) => throw new CommandException("asked again")));
        (await AnswerAsync()).ShouldBe(second);
        second.ShouldContain("it cannot be done");
        _done.ShouldBe(1);
    }

    [Fact]
    public async Task While_the_first_is_under_way_a_repeat_gets_the_same_answer_and_only_once()
    {
        var agent = Start();
        var release = new TaskCompletionSource();
        agent.Ask("1", Waiting(release.Task));
        agent.Ask("1");
        agent.Ask("1");
        release.SetResult();
        (await AnswerAsync()).ShouldContain("\"waited\"");
        await agent.Lanes.WhenIdleAsync().WaitAsync(Token);
        _outbound.HasPending.ShouldBeFalse();
        _done.ShouldBe(0);
    }

    [Fact]
    public async Task A_request_that_a_crash_cut_off_is_not_carried_out_again()
    {
        var crashed = Start();
        var never = new TaskCompletionSource();
        crashed.Ask("1", Waiting(never.Task));
        await Retry.UntilAsync("it was written down", () => System.IO.File.Exists(File) && new FileInfo(File).Length > 1, ct: Token);

        var agent = Start();
        agent.Ask("1");
        (await AnswerAsync()).ShouldContain("unknown outcome: the agent ended while this request was carried out");
        _done.ShouldBe(0);
        never.SetResult();
        await crashed.Lanes.WhenIdleAsync().WaitAsync(Token);
    }

    [Fact]
    public async Task The_begin_is_on_the_disk_before_the_request_is_carried_out()
    {
        var agent = Start();
        var written = "";
        agent.Ask("1", new Route("look", Lane, async (_, ct) =>
        {
            written = await System.IO.File.ReadAllTextAsync(File, ct);
            return "0"u8.ToArray();
        }));
        await AnswerAsync();
        written.ShouldContain("\"id\":\"1\"");
        System.IO.File.GetUnixFileMode(File).ShouldBe(OwnerOnly);
    }

    [Fact]
    public async Task An_id_that_was_another_requests_is_refused()
    {
        var agent = Start();
        agent.Ask("1");
        await AnswerAsync();
        agent.Ask("1", name: "stop");
        (await AnswerAsync()).ShouldContain("the id 1 was used for another request before");
        agent.Ask("1", payload: """{"container_id":"b"}""");
        (await AnswerAsync()).ShouldContain("the id 1 was used for another request before");
        _done.ShouldBe(1);
    }

    [Fact]
    public async Task Reads_and_the_requests_of_a_server_that_does_not_use_it_are_not_remembered()
    {
        var agent = Start();
        for (var i = 0; i < 2; i++)
        {
            agent.Ask("1", new Route("look", lane: null, (_, _) => Task.FromResult(Encoding.UTF8.GetBytes($"{Interlocked.Increment(ref _done)}"))));
            await AnswerAsync();
        }

        var other = Start(uses: false);
        for (var i = 0; i < 2; i++)
        {
            other.Ask("2");
            await AnswerAsync();
        }

        _done.ShouldBe(4);
        System.IO.File.Exists(File).ShouldBeFalse();
    }

    [Fact]
    public async Task What_was_not_begun_because_the_agent_stopped_is_carried_out_when_it_comes_again()
    {
        var agent = Start();
        await agent.Runner.FinishAsync(TimeSpan.FromSeconds(1));
        agent.Ask("1");
        (await AnswerAsync()).ShouldContain("the agent is stopping");
        agent = Start();
        agent.Ask("1");
        (await AnswerAsync()).ShouldContain("\"done 1\"");
    }

    [Fact]
    public async Task What_has_begun_is_carried_out_though_the_agent_stops_meanwhile()
    {
        Directory.CreateDirectory(File); // That the begin cannot be written is logged, after it was begun and before it is carried out.
        var agent = Start();
        _log.Logged += () => _ = agent.Runner.FinishAsync(TimeSpan.FromSeconds(30));
        agent.Ask("1");
        (await AnswerAsync()).ShouldContain("\"done 1\"");
    }

    [Fact]
    public async Task What_has_ended_is_neither_forgotten_nor_ended_again()
    {
        var repeats = Create();
        repeats.Find("1", "start", default).ShouldBeNull();
        await repeats.BeginAsync("1");
        await repeats.EndAsync("1", "first"u8.ToArray());

        // As of a read with the same id, or of a request on a connection whose server uses no ids.
        repeats.Forget("1");
        await repeats.BeginAsync("1");
        await repeats.EndAsync("1", "second"u8.ToArray());
        foreach (var known in (RepeatedRequests[])[repeats, Create()])
        {
            known.Find("1", "start", default).ShouldNotBeNull().Frame.ShouldBe("first"u8.ToArray());
        }

        System.IO.File.ReadLines(File).Count(line => line.Length > 0).ShouldBe(2);
    }

    [Fact]
    public async Task Only_the_newest_thousand_are_remembered_and_the_file_stays_small()
    {
        var (repeats, connection) = (Create(), Connections[^1]);
        var answer = Encoding.UTF8.GetBytes(new string('"', 900)); // As JSON in JSON has them.
        for (var i = 0; i < 5000; i++)
        {
            repeats.Find($"{i}", "start", default).ShouldBeNull();
            await repeats.BeginAsync($"{i}");
            await repeats.EndAsync($"{i}", answer);
        }

        connection.IsConnected.ShouldBeTrue();
        new FileInfo(File).Length.ShouldBeLessThanOrEqualTo(RepeatFile.MaxBytes);
        System.IO.File.GetUnixFileMode(File).ShouldBe(OwnerOnly, "it was written anew");
        var reread = Create();
        foreach (var known in (RepeatedRequests[])[repeats, reread])
        {
            known.Find("3999", "start", default).ShouldBeNull();
            known.Find("4000", "start", default).ShouldNotBeNull().Frame.ShouldBe(answer);
            known.Find("4999", "start", default).ShouldNotBeNull().Frame.ShouldBe(answer);
        }
    }

    [Fact]
    public async Task Large_answers_push_older_ones_out_and_one_that_is_too_large_is_not_kept()
    {
        var repeats = Create();
        var large = new byte[RepeatedRequests.AnswerBytes];
        large.AsSpan().Fill((byte)'a');
        for (var i = 0; i < 20; i++)
        {
            repeats.Find($"{i}", "start", default).ShouldBeNull();
            await repeats.EndAsync($"{i}", large);
        }

        repeats.Find("x", "start", default).ShouldBeNull();
        await repeats.EndAsync("x", [.. large, (byte)'a']);
        repeats.Find("x", "start", default)!.Error.ShouldNotBeNull().ShouldContain("too large to be kept");
        repeats.Find("3", "start", default).ShouldBeNull();
        repeats.Find("4", "start", default)!.Frame.ShouldBe(large);
    }

    [Theory]
    [InlineData("{\"id\":\"2\",\"con")]
    [InlineData("null\n[]\n{}\n\u0000\u0000\u0000")]
    public async Task What_a_power_cut_left_of_a_line_spoils_no_other(string rest)
    {
        var agent = Start();
        agent.Ask("1");
        var first = await AnswerAsync();
        await System.IO.File.AppendAllTextAsync(File, rest, Token);

        agent = Start();
        agent.Ask("3");
        var third = await AnswerAsync();
        agent = Start();
        agent.Ask("1");
        (await AnswerAsync()).ShouldBe(first);
        agent.Ask("3");
        (await AnswerAsync()).ShouldBe(third);
    }

    [Fact]
    public async Task A_disk_that_refuses_is_logged_once_and_costs_no_request()
    {
        Directory.CreateDirectory(File); // Nothing can be written there, by anybody.
        var agent = Start();
        for (var i = 0; i < 2; i++)
        {
            agent.Ask("1");
            (await AnswerAsync()).ShouldContain("\"done 1\"");
        }

        _log.Lines.Count(line => line.Contains("cannot be written", StringComparison.Ordinal)).ShouldBe(1);
    }

    private List<ConnectionState> Connections { get; } = [];

    private static ValueTask<string> Lane(JsonElement payload, CancellationToken ct) => ValueTask.FromResult("lane");

    private static Route Waiting(Task release) => new("wait", Lane, async (_, _) =>
    {
        await release;
        return "\"waited\""u8.ToArray();
    });

    private RepeatedRequests Create(bool uses = true)
    {
        var connection = new ConnectionState();
        Connections.Add(connection);
        var repeats = new RepeatedRequests(_folder.Path, connection, _log.CreateLogger<RepeatedRequests>());
        connection.SetConnected(TestConnections.Auth with { Extensions = uses ? [ExtensionNames.CommandIds] : null });
        return repeats;
    }

    /// <summary>An agent on the same disk as the one before, which has ended or crashed.</summary>
    private Run Start(bool uses = true)
    {
        var repeats = Create(uses);
        var lanes = new Lanes(_time);
        var runner = new RequestRunner(lanes, _outbound, Connections[^1], Gates.Open, _time, NullLogger<RequestRunner>.Instance) { Repeats = repeats };
        var route = new Route("start container", Lane, (_, _) => Task.FromResult(Encoding.UTF8.GetBytes($"\"done {Interlocked.Increment(ref _done)}\"")));
        var run = new Run(runner, lanes, repeats, route);
        _runs.Add(run);
        return run;
    }

    private async Task<string> AnswerAsync()
    {
        await Retry.UntilAsync("there is an answer", () => _outbound.HasPending, ct: Token);
        return Encoding.UTF8.GetString(_outbound.TryTake()!.Bytes);
    }

    private sealed record Run(RequestRunner Runner, Lanes Lanes, RepeatedRequests Repeats, Route Route) : IDisposable
    {
        public void Ask(string id, Route? route = null, string name = "start", string payload = """{"container_id":"a"}""") =>
            Runner.Start(isCommand: true, id, name, route ?? Route, JsonElement.Parse(payload), 100);

        public void Dispose()
        {
            Runner.Dispose();
            Lanes.Dispose();
            Repeats.Dispose();
        }
    }
}
