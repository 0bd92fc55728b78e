using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Agent.Policies;
using DockMon.Agent.Streams.HealthChecks;
using DockMon.Agent.Tests.Connection;
using DockMon.Agent.Tests.Policies;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.HealthChecks;

public sealed class HealthCheckRunnerTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 8, 0, 0, TimeSpan.Zero));
    private readonly ConcurrentQueue<string> _asked = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TemporaryFolder _folder = new();
    private readonly Routes _routes = new();
    private readonly Outbound _outbound;
    private readonly PolicySource _policies = Gates.NoPolicy;
    private readonly LogCapture _log = new();
    private readonly ScriptedEngine _engine = new(("/containers/there/json", 200, """{"Id":"1","Name":"/there"}"""));
    private readonly HealthCheckRunner _runner;
    private readonly Task _running;
    private Func<HealthCheck, Task> _work = _ => Task.CompletedTask;
    private readonly ConnectionState _connection = TestConnections.Create(isConnected: true);

    public HealthCheckRunnerTests()
    {
        _outbound = new Outbound(new Outbox(_folder.Path), _time, NullLogger<Outbound>.Instance);
        _runner = new HealthCheckRunner(
            CheckAsync,
            _policies,
            Gates.Of(_policies, _engine.Client),
            _connection,
            _outbound,
            _time,
            _log.CreateLogger<HealthCheckRunner>());
        _runner.AddTo(_routes);
        _running = _runner.RunAsync(_stop.Token);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_result_is_sent_for_each_beat()
    {
        Say(FrameTypes.HealthCheckConfig, """{"container_id":"a","host_id":"h","url":"http://127.0.0.1/","check_interval_seconds":10}""");
        await AskedAsync(1);
        _time.Advance(TimeSpan.FromSeconds(10));
        await AskedAsync(2);
        (await ResultAsync()).GetProperty("container_id").GetString().ShouldBe("a");
        (await ResultAsync()).GetProperty("healthy").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task No_check_overlaps_itself_and_a_slow_one_delays_no_other()
    {
        var release = new TaskCompletionSource();
        _work = check => check.Config.ContainerId == "slow" ? release.Task : Task.CompletedTask;
        Say(FrameTypes.HealthCheckConfigsSync, """{"configs":[{"container_id":"slow","url":"http://a/","check_interval_seconds":10},"""
            + """{"container_id":"quick","url":"http://b/","check_interval_seconds":10}]}""");
        for (var beat = 1; beat <= 3; beat++)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            await UntilAsync("the quick one was asked", () => _asked.Count(name => name == "quick") >= beat);
        }

        _asked.Count(name => name == "slow").ShouldBe(1);
        release.SetResult();
        await UntilAsync("the slow one was asked again", () => _asked.Count(name => name == "slow") == 2);
    }

    [Fact]
    public async Task No_more_than_the_limit_run_at_once_and_the_rest_follows()
    {
        var release = new TaskCompletionSource();
        _work = _ => release.Task;
        var configs = string.Join(',', Enumerable.Range(0, 100).Select(i => $$"""{"container_id":"c{{i}}","url":"http://a/"}"""));
        Say(FrameTypes.HealthCheckConfigsSync, $$"""{"configs":[{{configs}}]}""");
        await AskedAsync(1);
        _time.Advance(TimeSpan.FromSeconds(29.9));
        await AskedAsync(HealthCheckRunner.MostAtOnce);
        _asked.Count.ShouldBe(HealthCheckRunner.MostAtOnce);
        release.SetResult();
        await AskedAsync(100);
        _asked.Distinct().Count().ShouldBe(100);
    }

    [Fact]
    public async Task What_a_changed_or_removed_check_still_finds_is_not_told()
    {
        var release = new TaskCompletionSource();
        _work = check => check.Config.ContainerId == "last" ? Task.CompletedTask : release.Task;
        Say(FrameTypes.HealthCheckConfigsSync, """{"configs":[{"container_id":"changed","url":"http://a/"},{"container_id":"removed","url":"http:"""
            + """//b/"},{"container_id":"dropped","url":"http://c/"}]}""");
        await AskedAsync(1);
        _time.Advance(TimeSpan.FromSeconds(29.9));
        await AskedAsync(3);
        Say(FrameTypes.HealthCheckConfigRemove, """{"container_id":"removed"}""");
        Say(FrameTypes.HealthCheckConfigsSync, """{"configs":[{"container_id":"changed","url":"http://other/"}]}""");
        _work = _ => Task.CompletedTask;
        release.SetResult();
        _time.Advance(TimeSpan.FromSeconds(30));
        await AskedAsync(4);
        (await ResultAsync()).GetProperty("host_id").GetString().ShouldBe("http://other/");
        _outbound.TryTake().ShouldBeNull();
    }

    [Fact]
    public async Task Without_a_link_checks_go_on_and_their_results_do_not_wait()
    {
        _connection.SetDisconnected();
        Say(FrameTypes.HealthCheckConfig, """{"container_id":"a","url":"http://a/","check_interval_seconds":10}""");
        await AskedAsync(1);
        _time.Advance(TimeSpan.FromSeconds(10));
        await AskedAsync(2);
        await StopAsync();
        _outbound.TryTake().ShouldBeNull();
    }

    [Fact]
    public async Task What_the_policy_refuses_is_not_run_said_once_and_run_again_when_it_is_allowed()
    {
        _policies.Use(Gates.Policy("mode: full\ndeny: [health_checks]"));
        Say(FrameTypes.HealthCheckConfig, """{"container_id":"a","url":"http://a/","check_interval_seconds":10}""");
        for (var beat = 1; beat <= 3; beat++)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            await UntilAsync("it was refused", () => _log.Text.Contains("The health check of a is not run"));
        }

        _asked.ShouldBeEmpty();
        _log.Lines.Count(line => line.Contains("is not run")).ShouldBe(1);
        _policies.Use(HostPolicy.Unrestricted);
        await _runner.RecheckAsync();
        _time.Advance(TimeSpan.FromSeconds(10));
        await AskedAsync(1);
        (await ResultAsync()).GetProperty("container_id").GetString().ShouldBe("a");
    }

    [Fact]
    public async Task Where_containers_have_rules_one_that_does_not_exist_is_not_checked_until_it_does()
    {
        _policies.Use(Gates.Policy("mode: full\ncontainers: [{ match: { name: x }, deny: [health_checks] }]"));
        Say(FrameTypes.HealthCheckConfigsSync, """{"configs":[{"container_id":"late","url":"http://a/","check_interval_seconds":10},"""
            + """{"container_id":"there","url":"http://b/","check_interval_seconds":10}]}""");
        _time.Advance(TimeSpan.FromSeconds(10));
        await UntilAsync("it was not run", () => _log.Text.Contains("The health check of late is not run"));
        await AskedAsync(1);
        _asked.ShouldNotContain("late");
        _engine.Set("/containers/late/json", """{"Id":"2","Name":"/late"}""");
        _time.Advance(TimeSpan.FromSeconds(10));
        await UntilAsync("it was run", () => _asked.Contains("late"));
    }

    [Fact]
    public async Task Another_policy_ends_a_check_that_runs_and_nothing_is_told_of_it()
    {
        _work = _ => new TaskCompletionSource().Task;
        Say(FrameTypes.HealthCheckConfig, """{"container_id":"a","url":"http://a/","check_interval_seconds":10}""");
        await AskedAsync(1);
        _policies.Use(Gates.Policy("mode: observe"));
        await _runner.RecheckAsync();
        _time.Advance(TimeSpan.FromSeconds(10));
        await UntilAsync("it ended, and was refused at its next beat", () => _log.Text.Contains("is not run"));
        _asked.Count.ShouldBe(1);
        _outbound.TryTake().ShouldBeNull();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _runner.Dispose();
        _stop.Dispose();
        await _engine.DisposeAsync();
        _folder.Dispose();
    }

    private async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    private void Say(string type, string payload) => _routes.Messages[type](JsonElement.Parse(payload));

    private Task AskedAsync(int count) => UntilAsync($"{count} checks were made", () => _asked.Count >= count);

    // The test may turn the clock just before the loop sets its timer, which then counts from there: any message has it look again.
    private Task UntilAsync(string reason, Func<bool> condition) => Retry.UntilAsync(
        reason,
        () =>
        {
            Say(FrameTypes.HealthCheckConfigRemove, """{"container_id":"nobody"}""");
            return condition();
        },
        ct: Token);

    private async Task<JsonElement> ResultAsync()
    {
        var frame = await Retry.FindAsync("a result is sent", () => Task.FromResult(_outbound.TryTake()), ct: Token);
        var message = JsonElement.Parse(Encoding.UTF8.GetString(frame.Bytes));
        message.GetProperty("command").GetString().ShouldBe("health_check_result");
        frame.Class.ShouldBe(FrameClass.Event);
        return message.GetProperty("payload");
    }

    private async Task<HealthCheckResult> CheckAsync(HealthCheck check, CancellationToken ct)
    {
        _asked.Enqueue(check.Config.ContainerId!);
        await _work(check).WaitAsync(ct);
        return new HealthCheckResult { ContainerId = check.Config.ContainerId!, HostId = check.Config.Url, Healthy = true, Timestamp = "" };
    }
}
