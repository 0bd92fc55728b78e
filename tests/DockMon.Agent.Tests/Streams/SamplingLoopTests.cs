using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Agent.Health;
using DockMon.Agent.Hosting;
using DockMon.Agent.Streams;
using DockMon.Agent.Streams.HostMetrics;
using DockMon.Agent.Tests.Connection;
using DockMon.Agent.Tests.Streams.Stats;
using DockMon.Agent.Tests.Policies;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams;

public sealed class SamplingLoopTests
{
    [Theory]
    [InlineData(2500)]
    [InlineData(1500)]
    [InlineData(1000)]
    [InlineData(5000)]
    [InlineData(3000)]
    [InlineData(1920)]
    public void Each_comes_as_often_as_it_should_whatever_the_others_period_is(int period)
    {
        var time = new FakeTimeProvider();
        var (containers, host) = (new Schedule(TimeSpan.FromMilliseconds(period), time), new Schedule(HostSampler.Period, time));
        var (ofContainers, ofHost) = (0, 0);
        var begin = time.GetTimestamp();
        while (time.GetElapsedTime(begin) < TimeSpan.FromMinutes(1))
        {
            ofHost += host.TryRun() ? 1 : 0;
            ofContainers += containers.TryRun() ? 1 : 0;
            time.Advance(host.Wait < containers.Wait ? host.Wait : containers.Wait);
        }

        ofContainers.ShouldBe((int)Math.Ceiling(60_000.0 / period));
        ofHost.ShouldBe(30);
    }

    [Fact]
    public void What_is_due_a_moment_apart_is_done_together_and_what_was_missed_is_not_made_up_for()
    {
        var time = new FakeTimeProvider();
        var cadence = new Schedule(TimeSpan.FromSeconds(1), time);
        cadence.TryRun().ShouldBeTrue();
        time.Advance(TimeSpan.FromSeconds(0.94));
        cadence.TryRun().ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(0.02));
        cadence.TryRun().ShouldBeTrue();
        cadence.Wait.ShouldBe(TimeSpan.FromSeconds(1.04));
        time.Advance(TimeSpan.FromMinutes(1));
        cadence.TryRun().ShouldBeTrue();
        cadence.TryRun().ShouldBeFalse();
        cadence.Wait.ShouldBe(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task With_a_connection_there_is_one_timer_and_without_one_there_is_none_and_the_loop_counts_as_well()
    {
        using var data = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        var time = new CountingTime();
        var heartbeat = new LoopHealth("sampling", TimeSpan.FromMinutes(1), time);
        var outbound = new Outbound(new Outbox(data.Path), time, NullLogger<Outbound>.Instance);
        var connection = new ConnectionState();
        var host = new HostSampler(connection, outbound, Gates.NoPolicy, time, NullLogger<HostSampler>.Instance) { Sight = new HostSight(InContainer: false) };
        var loop = new SamplingLoop(containers: null, host, heartbeat, time);
        var running = loop.RunAsync(stop.Token);
        time.Advance(TimeSpan.FromHours(1));
        time.Timers.ShouldBe(0);
        heartbeat.Read().Turns.ShouldBeTrue();

        connection.Set(isConnected: true);
        loop.Wake();
        await UntilAsync("a sample is sent", () => outbound.TryTake() is not null);
        time.Timers.ShouldBe(1);

        connection.Set(isConnected: false);
        await UntilAsync("the loop rests", () => time.Timers == 0);
        await stop.CancelAsync();
        await running;

        Task UntilAsync(string reason, Func<bool> condition) => Retry.UntilAsync(
            reason,
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return condition();
            },
            ct: TestContext.Current.CancellationToken);
    }
}
