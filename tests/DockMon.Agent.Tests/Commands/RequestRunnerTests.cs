using System.Text;
using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Compose.Discovery;
using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Agent.Policies.Hiding;
using DockMon.Agent.Tests.Connection;
using DockMon.Agent.Tests.Hosting;
using DockMon.Agent.Tests.Policies;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Commands;

public sealed class RequestRunnerTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly TemporaryFolder _folder = new();
    private readonly Lanes _lanes;
    private readonly Outbound _outbound;
    private readonly ConnectionState _connection = TestConnections.Create(isConnected: true);
    private readonly RequestRunner _runner;
    private readonly TaskCompletionSource _release = new();
    private int _begun;

    public RequestRunnerTests()
    {
        _lanes = new Lanes(_time);
        _outbound = new Outbound(new Outbox(_folder.Path), _time, NullLogger<Outbound>.Instance);
        _runner = new RequestRunner(_lanes, _outbound, _connection, Gates.Open, _time, NullLogger<RequestRunner>.Instance);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _release.TrySetResult();
        _runner.Dispose();
        _lanes.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_read_that_does_not_come_back_is_answered_at_its_limit_and_told_to_end()
    {
        CancellationToken told = default;
        Start(1, new Route("look", null, async (_, ct) =>
        {
            told = ct;
            Interlocked.Increment(ref _begun);
            await _release.Task; // Hears nothing, as a mount that hangs.
            return "1"u8.ToArray();
        }));
        await BegunAsync(1);
        _time.Advance(Route.ReadLimit - TimeSpan.FromSeconds(1));
        _outbound.HasPending.ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(1));
        (await AnswerAsync()).ShouldBe("failed to look: timeout: it was not done within 120 s");
        told.IsCancellationRequested.ShouldBeTrue();
        _release.SetResult();
        await _lanes.WhenIdleAsync().WaitAsync(Token);
        _outbound.HasPending.ShouldBeFalse();
    }

    [Fact]
    public async Task Reads_that_hang_hold_up_neither_another_kind_nor_the_answers_to_those_that_wait_behind_them()
    {
        for (var i = 0; i < 40; i++)
        {
            Start(i, Hanging(Agent.Commands.ReadPool.Log));
        }

        Start(100, new Route("inspect", null, (_, _) => Task.FromResult("1"u8.ToArray())));
        (await AnswerAsync()).ShouldBe("1");
        await BegunAsync(4);
        _time.Advance(Route.ReadLimit);
        for (var i = 0; i < 40; i++)
        {
            (await AnswerAsync()).ShouldContain("timeout");
        }

        _begun.ShouldBe(4);
    }

    [Fact]
    public async Task A_read_goes_on_while_its_answer_would_be_kept_and_ends_when_nobody_can_wait_for_it()
    {
        var ended = new TaskCompletionSource();
        var route = new Route("watch", null, async (_, ct) =>
        {
            Interlocked.Increment(ref _begun);
            await using var registration = ct.Register(ended.SetResult);
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, ct);
            return [];
        }) { Place = Agent.Commands.ReadPool.Watch, Limit = TimeSpan.FromHours(1) };
        Start(1, route);
        await BegunAsync(1);
        _connection.Set(isConnected: false);
        _time.Advance(Outbound.AnswerLifetime - TimeSpan.FromSeconds(1));
        _connection.Set(isConnected: true);
        _time.Advance(TimeSpan.FromMinutes(10));
        ended.Task.IsCompleted.ShouldBeFalse();

        _connection.Set(isConnected: false);
        _time.Advance(Outbound.AnswerLifetime);
        await ended.Task.WaitAsync(Token);
        await _lanes.WhenIdleAsync().WaitAsync(Token);

        _connection.Set(isConnected: true);
        Start(2, new Route("look", null, (_, _) => Task.FromResult("2"u8.ToArray())));
        await Retry.UntilAsync("the next one is done", async () => await AnswerAsync() == "2", ct: Token);
    }

    [Fact]
    public async Task Requests_over_64_MiB_in_all_are_refused_until_others_are_done()
    {
        const int Large = 15 * 1024 * 1024;
        for (var i = 0; i < 4; i++)
        {
            Start(i, Hanging(Agent.Commands.ReadPool.Short), Large);
        }

        Start(4, Hanging(Agent.Commands.ReadPool.Short), Large);
        (await AnswerAsync()).ShouldBe("failed to hang: 64 MiB of requests wait already; ask again when some of them are done");
        Start(5, new Route("look", null, (_, _) => Task.FromResult("5"u8.ToArray())));
        (await AnswerAsync()).ShouldBe("5");

        _release.SetResult();
        await _lanes.WhenIdleAsync().WaitAsync(Token);
        for (var i = 0; i < 40; i++)
        {
            Start(i, new Route("look", (_, _) => ValueTask.FromResult("lane"), (_, _) => Task.FromResult("6"u8.ToArray())), Large);
            await _lanes.WhenIdleAsync().WaitAsync(Token);
        }

        await Retry.UntilAsync("all are answered", async () => await AnswerAsync() == "6", ct: Token);
    }

    [Fact]
    public async Task Requests_that_wait_for_a_slow_lane_are_answered_without_a_question_to_the_engine_when_they_were_given_up()
    {
        var asked = 0;
        var route = new Route("stop", async (_, _) =>
        {
            asked++;
            await _release.Task;
            return "lane";
        }, (_, _) => Task.FromResult("1"u8.ToArray()));
        Start(1, route);
        Start(2, route);
        _time.Advance(Outbound.AnswerLifetime + TimeSpan.FromSeconds(1));
        _release.SetResult();
        (await AnswerAsync()).ShouldContain("timeout: it waited 61 s");
        (await AnswerAsync()).ShouldContain("timeout: it waited 61 s");
        asked.ShouldBe(1);
    }

    [Fact]
    public async Task What_may_be_slow_takes_no_places_of_questions()
    {
        await using var engine = new ScriptedEngine();
        var routes = new Routes();
        new ContainerOperations(engine.Client, TestOwnContainers.None, Gates.NoPolicy).AddTo(routes);
        new ProvisioningOperations(
            engine.Client,
            Gates.OpenForCreates,
            new ContainerCreator(engine.Client, Gates.OpenForCreates, "/nowhere", _time, NullLogger<ContainerCreator>.Instance),
            HiddenContainers.None,
            _outbound,
            _time).AddTo(routes);
        new ComposeScan(Gates.NoPolicy, _time).AddTo(routes);
        routes.Commands.Concat(routes.Operations)
            .Where(route => route.Value.Place != ReadPool.Short)
            .Select(route => $"{route.Key} {route.Value.Place}")
            .Order(StringComparer.Ordinal)
            .ShouldBe(["get_logs Log", "read_compose_file Files", "scan_compose_dirs Files", "validate_ports List", "verify_running Watch"]);
        routes.Operations["verify_running"].Limit.ShouldBeGreaterThan(TimeSpan.FromHours(1));
    }

    private Route Hanging(Agent.Commands.ReadPool place) => new("hang", null, async (_, _) =>
    {
        Interlocked.Increment(ref _begun);
        await _release.Task;
        return "0"u8.ToArray();
    }) { Place = place };

    private void Start(int id, Route route, int size = 100) => _runner.Start(isCommand: true, $"{id}", route.What, route, default, size);

    private Task BegunAsync(int count) => Retry.UntilAsync("it has begun", () => Volatile.Read(ref _begun) == count, ct: Token);

    /// <summary>The next answer: its payload or its error.</summary>
    private async Task<string> AnswerAsync()
    {
        await Retry.UntilAsync("there is an answer", () => _outbound.HasPending, ct: Token);
        var answer = JsonElement.Parse(Encoding.UTF8.GetString(_outbound.TryTake()!.Bytes));
        return answer.TryGetProperty("error", out var error) ? error.GetString()! : answer.GetProperty("payload").GetRawText();
    }
}
