using System.Text;
using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Agent.Tests.Policies;
using DockMon.Engine;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Commands;

public sealed class FrameDispatcherTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 8, 0, 0, TimeSpan.Zero));
    private readonly Testing.TemporaryFolder _folder = new();
    private readonly Lanes _lanes = new();
    private readonly Outbound _outbound;
    private readonly Routes _routes = new();
    private readonly RequestRunner _requests;
    private readonly FrameDispatcher _frames;

    public FrameDispatcherTests()
    {
        _outbound = new Outbound(new Outbox(_folder.Path), _time, NullLogger<Outbound>.Instance);
        _requests = new RequestRunner(_lanes, _outbound, new ConnectionState(), Gates.Open, _time, NullLogger<RequestRunner>.Instance);
        _frames = new FrameDispatcher(_routes, _requests, NullLogger<FrameDispatcher>.Instance);
        _routes.Commands["raw"] = new Route("say", null, (_, _) => Task.FromResult("""{"Docker":"said <this>"}"""u8.ToArray()));
        _routes.Commands["docker_fails"] = new Route("do the thing", null, (_, _) => throw new EngineException("No such container: abc"));
        _routes.Commands["throws"] = new Route("do the thing", null, (_, _) => throw new InvalidOperationException("oops"));
        _routes.Commands["refused"] = new Route("do the thing", null, (_, _) => throw new CommandException("container_id is missing"));
        _routes.Operations["start"] = Route.For(
            "start container",
            ProtocolJson.Default.ContainerOperation,
            ProtocolJson.Default.OperationResult,
            (request, _) => ValueTask.FromResult(request.ContainerId!),
            (request, _) => Task.FromResult(new OperationResult { ContainerId = request.ContainerId, Status = "started" }));
    }

    [Theory]
    [InlineData(
        """{"type":"command","command":"raw","id":"1","correlation_id":"1"}""",
        """{"type":"response","id":"1","payload":{"Docker":"said <this>"},"timestamp":"2026-11-23T08:00:00.0000000Z"}""")]
    [InlineData(
        """{"type":"command","command":"docker_fails","id":"2"}""",
        """{"type":"response","id":"2","error":"failed to do the thing: No such container: abc","timestamp":"2026-11-23T08:00:00.0000000Z"}""")]
    [InlineData(
        """{"type":"command","command":"throws","id":"3"}""",
        """{"type":"response","id":"3","error":"failed to do the thing: internal error: oops","timestamp":"2026-11-23T08:00:00.0000000Z"}""")]
    [InlineData(
        """{"type":"command","command":"refused","id":"4","payload":null}""",
        """{"type":"response","id":"4","error":"container_id is missing","timestamp":"2026-11-23T08:00:00.0000000Z"}""")]
    [InlineData(
        """{"type":"command","command":"nope","id":"5"}""",
        """{"type":"response","id":"5","error":"unknown command: nope","timestamp":"2026-11-23T08:00:00.0000000Z"}""")]
    [InlineData("""{"type":"command","command":5,"id":"6"}""", """{"type":"response","id":"6","error":"invalid message: """)]
    [InlineData(
        """{"type":"container_operation","payload":{"action":"start","container_id":"abc"},"correlation_id":"7"}""",
        """{"correlation_id":"7","success":true,"container_id":"abc","status":"started"}""")]
    [InlineData(
        """{"type":"container_operation","payload":{"action":"start","container_id":{}},"id":"8"}""",
        """{"correlation_id":"8","success":false,"error":"invalid payload: $.container_id""")]
    [InlineData(
        """{"type":"container_operation","payload":{"action":"fly"},"id":"9"}""",
        """{"correlation_id":"9","success":false,"error":"unknown action: fly"}""")]
    [InlineData("""{"type":"container_operation","id":"10"}""", """{"correlation_id":"10","success":false,"error":"unknown action: (none)"}""")]
    public async Task Every_request_with_an_id_is_answered(string request, string answer)
    {
        _frames.Dispatch(Encoding.UTF8.GetBytes(request));
        await _lanes.WhenIdleAsync().WaitAsync(TestContext.Current.CancellationToken);
        Encoding.UTF8.GetString(_outbound.TryTake().ShouldNotBeNull().Bytes).ShouldStartWith(answer);
        _outbound.TryTake().ShouldBeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"type":"weather"}""")]
    [InlineData("""{"type":"command","command":"raw"}""")]
    [InlineData("{\"type\":\"command\",\"command\":\"raw\",\"id\":\"\uFFFF")]
    public async Task Anything_else_is_dropped_and_the_next_request_is_served(string frame)
    {
        _frames.Dispatch(Encoding.UTF8.GetBytes(frame));
        _frames.Dispatch("""{"type":"command","command":"raw","id":"next"}"""u8.ToArray());
        await _lanes.WhenIdleAsync().WaitAsync(TestContext.Current.CancellationToken);
        Encoding.UTF8.GetString(_outbound.TryTake().ShouldNotBeNull().Bytes).ShouldContain("\"next\"");
        _outbound.TryTake().ShouldBeNull();
    }

    [Fact]
    public void A_message_without_an_answer_goes_to_its_handler_and_a_refused_one_is_only_logged()
    {
        var taken = new List<string>();
        _routes.Messages["shell_session"] = payload => taken.Add(payload.GetRawText());
        _routes.Messages["health_check_config"] = _ => throw new CommandException("no url");
        _frames.Dispatch("""{"type":"health_check_config","payload":{}}"""u8.ToArray());
        _frames.Dispatch("""{"type":"shell_session","payload":{"action":"close"}}"""u8.ToArray());
        taken.ShouldBe(["""{"action":"close"}"""]);
        _outbound.TryTake().ShouldBeNull();
    }

    [Fact]
    public void A_frame_a_hundred_thousand_levels_deep_is_dropped() =>
        Should.NotThrow(() => _frames.Dispatch(Encoding.UTF8.GetBytes("{\"payload\":" + new string('[', 100_000) + new string(']', 100_000) + "}")));

    [Fact]
    public async Task An_answer_over_the_servers_limit_becomes_an_error_instead_of_costing_the_connection()
    {
        _routes.Commands["huge"] = new Route(
            "say",
            null,
            (_, _) => Task.FromResult(JsonSerializer.SerializeToUtf8Bytes(new string('x', ProtocolLimits.ControlFrameBytes))));
        _frames.Dispatch("""{"type":"command","command":"huge","id":"1"}"""u8.ToArray());
        await _lanes.WhenIdleAsync().WaitAsync(TestContext.Current.CancellationToken);
        Encoding.UTF8.GetString(_outbound.TryTake().ShouldNotBeNull().Bytes).ShouldContain("over the server's limit");
    }

    [Fact]
    public async Task When_the_agent_stops_what_runs_ends_and_what_waits_is_told_so()
    {
        var running = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        _routes.Commands["slow"] = new Route("be slow", (_, _) => ValueTask.FromResult("lane"), async (_, _) =>
        {
            running.SetResult();
            await release.Task;
            return "true"u8.ToArray();
        });
        _frames.Dispatch("""{"type":"command","command":"slow","id":"first"}"""u8.ToArray());
        await running.Task.WaitAsync(TestContext.Current.CancellationToken);
        _frames.Dispatch("""{"type":"command","command":"slow","id":"second"}"""u8.ToArray());
        var finish = _requests.FinishAsync(TimeSpan.FromSeconds(25));
        finish.IsCompleted.ShouldBeFalse();
        release.SetResult();
        await finish.WaitAsync(TestContext.Current.CancellationToken);
        var answers = new List<string>();
        while (_outbound.TryTake() is { } frame)
        {
            answers.Add(Encoding.UTF8.GetString(frame.Bytes));
        }

        answers.Count.ShouldBe(2);
        answers[1].ShouldContain("failed to be slow: the agent is stopping");
    }

    [Fact]
    public async Task What_waited_until_its_asker_has_given_up_is_not_done_any_more()
    {
        var release = new TaskCompletionSource();
        var done = 0;
        _routes.Commands["slow"] = new Route("be slow", (_, _) => ValueTask.FromResult("lane"), async (_, _) =>
        {
            done++;
            await release.Task;
            return "true"u8.ToArray();
        });
        _frames.Dispatch("""{"type":"command","command":"slow","id":"first"}"""u8.ToArray());
        _frames.Dispatch("""{"type":"command","command":"slow","id":"second"}"""u8.ToArray());
        await Testing.Retry.UntilAsync("the first one runs", () => done == 1, ct: TestContext.Current.CancellationToken);
        _time.Advance(Outbound.AnswerLifetime + TimeSpan.FromSeconds(1));
        release.SetResult();
        await _lanes.WhenIdleAsync().WaitAsync(TestContext.Current.CancellationToken);
        done.ShouldBe(1);
        var answers = new List<string>();
        while (_outbound.TryTake() is { } frame)
        {
            answers.Add(Encoding.UTF8.GetString(frame.Bytes));
        }

        answers.ShouldContain(answer => answer.Contains("\"second\"") && answer.Contains("failed to be slow: timeout: it waited 61 s"));
    }

    [Fact]
    public async Task What_does_not_end_in_time_is_told_to_give_up_and_answers_so()
    {
        var running = new TaskCompletionSource();
        _routes.Commands["forever"] = new Route("wait", (_, _) => ValueTask.FromResult("lane"), async (_, ct) =>
        {
            running.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, ct);
            return [];
        });
        _frames.Dispatch("""{"type":"command","command":"forever","id":"1"}"""u8.ToArray());
        await running.Task.WaitAsync(TestContext.Current.CancellationToken);
        var finish = _requests.FinishAsync(TimeSpan.FromSeconds(25));
        _time.Advance(TimeSpan.FromSeconds(25));
        await finish.WaitAsync(TestContext.Current.CancellationToken);
        Encoding.UTF8.GetString(_outbound.TryTake().ShouldNotBeNull().Bytes).ShouldContain("failed to wait: the agent stopped before it was done");
    }

    [Fact]
    public async Task What_cannot_be_given_up_does_not_hold_the_end_up_however_often_that_is_waited_for()
    {
        var running = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        _routes.Commands["stubborn"] = new Route("be stubborn", lane: null, async (_, _) =>
        {
            running.SetResult();
            await release.Task;
            return "true"u8.ToArray();
        });
        _frames.Dispatch("""{"type":"command","command":"stubborn","id":"1"}"""u8.ToArray());
        await running.Task.WaitAsync(TestContext.Current.CancellationToken);
        var finish = _requests.FinishAsync(TimeSpan.FromSeconds(25));
        _time.Advance(TimeSpan.FromSeconds(25));
        await Retry.UntilAsync(
            "the grace is over, too",
            () =>
            {
                _time.Advance(RequestRunner.Grace / 10);
                return finish.IsCompleted;
            },
            ct: TestContext.Current.CancellationToken);
        await finish;
        _requests.FinishAsync(TimeSpan.FromSeconds(25)).IsCompletedSuccessfully.ShouldBeTrue();
        release.SetResult();
        await _lanes.WhenIdleAsync();
    }

    public void Dispose()
    {
        _requests.Dispose();
        _lanes.Dispose();
        _folder.Dispose();
    }
}
