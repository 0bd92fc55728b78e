using DockMon.Agent.Connection;
using DockMon.Agent.Health;
using DockMon.Agent.Streams;
using DockMon.Agent.Streams.HostMetrics;
using DockMon.Agent.Tests.Streams.Stats;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams;

public sealed class SamplingLoopTests
{
    // docs/configuration.md promises these.
    [Theory]
    [InlineData(2500, 2000, 2000)]
    [InlineData(1500, 1500, 1500)]
    [InlineData(1000, 1000, 2000)]
    [InlineData(5000, 4000, 2000)]
    [InlineData(3000, 3000, 2000)]
    public void What_is_due_within_a_quarter_of_its_time_is_done_together(int period, int every, int hostEvery)
    {
        var time = new FakeTimeProvider();
        var (containers, host) = (new Cadence(TimeSpan.FromMilliseconds(period), time), new Cadence(HostSampler.Period, time));
        var (ofContainers, ofHost) = (0, 0);
        var begin = time.GetTimestamp();
        while (time.GetElapsedTime(begin) < TimeSpan.FromMinutes(1))
        {
            ofHost += host.TakeDue() ? 1 : 0;
            ofContainers += containers.TakeDue() ? 1 : 0;
            time.Advance(host.Wait < containers.Wait ? host.Wait : containers.Wait);
        }

        ofContainers.ShouldBe(60_000 / every);
        ofHost.ShouldBe(60_000 / hostEvery);
    }

    [Fact]
    public async Task With_a_connection_there_is_one_timer_and_without_one_there_is_none_and_the_loop_counts_as_well()
    {
        using var data = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        var time = new CountingTime();
        var heartbeat = new Heartbeat("sampling", TimeSpan.FromMinutes(1), time);
        var outbound = new Outbound(new Outbox(data.Path), time, NullLogger<Outbound>.Instance);
        var connected = false;
        var host = new HostSampler(() => new HostSight(InContainer: false), () => Volatile.Read(ref connected), outbound, time, NullLogger<HostSampler>.Instance);
        var loop = new SamplingLoop(containers: null, host, heartbeat, time);
        var running = loop.RunAsync(stop.Token);
        time.Advance(TimeSpan.FromHours(1));
        time.Timers.ShouldBe(0);
        heartbeat.Read().Turns.ShouldBeTrue();

        Volatile.Write(ref connected, true);
        loop.Wake();
        await UntilAsync("a sample is sent", () => outbound.TryTake() is not null);
        time.Timers.ShouldBe(1);

        Volatile.Write(ref connected, false);
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
