using System.Collections.Concurrent;
using System.Text.Json;
using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Configuration;
using DockMon.Agent.Delivery;
using DockMon.Agent.Policies.Hiding;
using DockMon.Agent.Streams.Events;
using DockMon.Agent.Tests.Policies;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.Events;

public sealed class EventStreamTests : IAsyncDisposable
{
    private const string ListPath = "/containers/json?all=0";
    private const string Maintenance = "<html>down for maintenance</html>";
    private const string Info = """{"ID":"engine","Name":"host","SystemTime":"2026-01-01T00:00:00Z"}""";

    private readonly TemporaryFolder _folder = new();
    private readonly LogCapture _log = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _streams = new();

    // Without a stream to give, its headers stay away: nothing happens in this engine.
    private readonly ScriptedEngine _engine = new(("/info", 200, Info), (ListPath, 200, "[]"));

    private readonly List<string> _told = [];

    private ContainerTracker _tracker = new();
    private Outbound? _outbound;
    private CancellationTokenSource? _run;
    private Task _running = Task.CompletedTask;

    public EventStreamTests()
    {
        _engine.BeforeAnswer = path => IsEvents(path) && _streams.IsEmpty ? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System) : Task.CompletedTask;
        _engine.Otherwise = path => IsEvents(path) && _streams.TryDequeue(out var events) ? events : null;
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string KnownPath => Path.Combine(_folder.Path, "containers.json");

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _engine.DisposeAsync();
        _stop.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_page_where_the_engine_should_answer_is_a_failed_try_and_not_the_end()
    {
        _engine.Set("/info", Maintenance);
        _engine.Set(ListPath, Maintenance);
        Start();
        await UntilAsync("the engine's time could not be read", () => _log.Text.Contains("GET /info cannot be read", StringComparison.Ordinal));
        _engine.Set("/info", Info);
        await UntilAsync("the list of what runs could not be read", () => _log.Text.Contains("GET /containers/json cannot be read", StringComparison.Ordinal));
        _engine.Set(ListPath, List("a"));
        await UntilAsync("what runs is known", () => _tracker.Running.Count == 1 || _running.IsCompleted);
        _running.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task What_fails_again_and_again_is_logged_at_growing_intervals()
    {
        _engine.Set(ListPath, Maintenance);
        Start();
        await UntilAsync("it was tried twenty times", () => _engine.Requests.Count(path => path == ListPath) >= 20);
        Logged("cannot be compared").ShouldBe(5);
    }

    [Fact]
    public async Task A_stream_that_ends_at_once_each_time_is_logged_at_growing_intervals()
    {
        for (var i = 0; i < 20; i++)
        {
            _streams.Enqueue(Event("start", "a", i + 1));
        }

        Start();
        await UntilAsync("twenty streams were opened", () => _streams.IsEmpty);
        Logged("the engine closed the stream").ShouldBe(5);
    }

    [Fact]
    public async Task An_event_that_cannot_be_read_costs_itself_and_what_it_said_is_found()
    {
        _engine.Set(ListPath, List("a", "b"));
        _engine.Set("/containers/id-b/json", """{"State":{"Status":"exited","ExitCode":3,"FinishedAt":"2026-01-01T00:00:09Z"}}""");
        Start();
        await UntilAsync("what runs is known", () => _tracker.Running.Count == 2);
        _engine.Set(ListPath, List("a"));
        _streams.Enqueue("""{"Type":"container","Action":["die"]}""" + Event("start", "c", 5));
        await StopAsync();
        Start();
        await UntilAsync("the next event is told", () => Told().Contains("start c"));
        await UntilAsync("the end of b is found", () => Told().Contains("die b"));
        Told().Count(told => told == "die b").ShouldBe(1);
    }

    [Fact]
    public async Task An_event_of_many_megabytes_is_told_with_its_labels_cut_and_so_is_the_next_one()
    {
        var label = new string('x', 18 * 1024 * 1024);
        _streams.Enqueue(Event("start", "a", 5, $",\"l\":\"{label}\"") + Event("start", "b", 6));
        Start();
        await UntilAsync("both are told", () => Told().Contains("start b"));
        Told().ShouldBe(["start a", "start b"]);
        _told[0].Length.ShouldBeInRange(32 * 1024, 64 * 1024);
    }

    [Fact]
    public async Task At_the_very_first_start_nothing_that_runs_is_news_and_what_runs_is_kept()
    {
        _engine.Set(ListPath, List("a"));
        Start();
        await UntilAsync("what runs is kept", () => File.Exists(KnownPath));
        Told().ShouldBeEmpty();
        JsonElement.Parse(await File.ReadAllBytesAsync(KnownPath, Token)).GetProperty("containers")[0].GetProperty("name").GetString().ShouldBe("a");
    }

    [Fact]
    public async Task What_ended_and_started_while_the_agent_did_not_run_is_told()
    {
        _engine.Set(ListPath, List("stays", "ends", "goes", "restarts", "broken"));
        Start();
        await UntilAsync("what runs is kept", () => File.Exists(KnownPath));
        await StopAsync();

        _engine.Set("/info", """{"ID":"engine","Name":"host","SystemTime":"2026-01-02T00:00:00Z"}""");
        _engine.Set(ListPath, List("stays", "restarts", "new"));
        _engine.Set("/containers/id-stays/json", """{"State":{"Status":"running","Running":true,"StartedAt":"2025-12-31T00:00:00Z"}}""");
        _engine.Set("/containers/id-ends/json", """{"State":{"Status":"exited","ExitCode":137,"FinishedAt":"2026-01-01T10:00:00Z"}}""");
        const string Restarted = """{"State":{"Status":"running","Running":true,"FinishedAt":"2026-01-01T10:00:00Z","StartedAt":"2026-01-01T11:00:00Z"}}""";
        _engine.Set("/containers/id-restarts/json", Restarted);
        _engine.Set("/containers/id-new/json", """{"State":{"Status":"running","Running":true,"StartedAt":"2026-01-01T12:00:00Z"}}""");
        _engine.Set("/containers/id-broken/json", """{"message":"layer does not exist"}""", status: 500);
        Start();
        await UntilAsync("what happened is told", () => _log.Text.Contains("containers changed while the agent did not run", StringComparison.Ordinal));
        Told().Order().ShouldBe(["destroy goes", "die broken", "die ends", "die restarts", "start new", "start restarts"]);
        _told.Single(told => told.Contains("id-ends", StringComparison.Ordinal)).ShouldContain("2026-01-01T10:00:00Z");

        await StopAsync();
        Start();
        await UntilAsync("it is compared once more", () => Logged("containers changed while the agent did not run") == 2);
        Told().Count.ShouldBe(6);
    }

    [Theory]
    [InlineData("{\"engine_id\":\"other\",\"host\":\"elsewhere\",\"last_event\":1,\"containers\":[{\"id\":\"id-x\",\"name\":\"x\",\"image\":\"i\"}]}")]
    [InlineData("{\"engine_id\":\"engine\",\"containers\":null}")]
    [InlineData("rubbish")]
    [InlineData("")]
    public async Task A_file_about_another_engine_or_without_sense_tells_nothing(string file)
    {
        await File.WriteAllTextAsync(KnownPath, file, Token);
        _engine.Set(ListPath, List("a"));
        Start();
        await UntilAsync("it is written anew", () => File.ReadAllText(KnownPath).Contains("id-a", StringComparison.Ordinal));
        Told().ShouldBeEmpty();
    }

    private static bool IsEvents(string path) => path.StartsWith("/events", StringComparison.Ordinal);

    private int Logged(string text) => _log.Lines.Count(line => line.Contains(text, StringComparison.Ordinal));

    private static string List(params string[] names) =>
        "[" + string.Join(',', names.Select(name => $$"""{"Id":"id-{{name}}","Names":["/{{name}}"],"Image":"i","State":"running"}""")) + "]";

    private static string Event(string action, string name, long time, string labels = "") =>
        $$$"""{"Type":"container","Action":"{{{action}}}","Actor":{"ID":"id-{{{name}}}","Attributes":{"name":"{{{name}}}"{{{labels}}}}},"""
        + $"\"timeNano\":{1_800_000_000_000_000_000 + time}}}";

    /// <summary>What was told so far: action and name.</summary>
    private List<string> Told()
    {
        while (_outbound!.TryTake() is { } frame)
        {
            _told.Add(System.Text.Encoding.UTF8.GetString(frame.Bytes));
        }

        return [.. _told
            .Select(frame => JsonElement.Parse(frame).GetProperty("payload"))
            .Select(e => $"{e.GetProperty("action").GetString()} {e.GetProperty("container_name").GetString()}")];
    }

    private void Start()
    {
        _run = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        _tracker = new ContainerTracker();
        _outbound ??= new Outbound(new Outbox(_folder.Path), _engine.Time, NullLogger<Outbound>.Instance);
        var listing = new ContainerListing(Gates.Context(Gates.NoPolicy), _engine.Client);
        var known = new KnownContainerStore(_folder.Path, _tracker, _engine.Time, _log.CreateLogger<KnownContainerStore>());
        var teller = new EventReporter(_tracker, Gates.NoPolicy, HiddenContainers.None, _outbound, _engine.Time);
        var context = new AgentContext(new AgentOptions { ServerUrl = new Uri("ws://h"), DataPath = _folder.Path }, _log, _engine.Time, new Random(1));
        var comparison = new EventComparison(context, _engine.Client, _tracker, teller, known);
        var stream = new EventStream(context, _engine.Client, comparison, teller, known, listing);
        _running = Task.WhenAll(stream.RunAsync(_run.Token), known.RunAsync(_run.Token));
    }

    private async Task StopAsync()
    {
        if (_run is { } run)
        {
            await run.CancelAsync();
            await _running;
            run.Dispose();
            _run = null;
        }
    }

    private Task UntilAsync(string reason, Func<bool> condition) => Retry.UntilAsync(
        reason,
        () =>
        {
            if (!_engine.IsBusy)
            {
                _engine.Time.Advance(TimeSpan.FromSeconds(4));
            }

            return condition();
        },
        TimeSpan.FromSeconds(60),
        Token);
}
