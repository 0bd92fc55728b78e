using System.Collections.Concurrent;
using DockMon.Agent.Configuration;
using DockMon.Agent.Streams.Stats;
using DockMon.Agent.Tests.Policies;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.Stats;

public sealed class StatsSamplerTests
{
    private const string Id = KernelTree.Id;
    private const string Other = KernelTree.OtherId;
    private const int Pid = KernelTree.Pid;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_kernel_shows_costs_the_engine_one_question_at_the_start()
    {
        await using var fixture = new SamplerFixture();
        fixture.AddToKernel(Id, Pid);
        fixture.Tell("start", Id);
        var sample = await fixture.SampleAsync(Id);
        sample.GetProperty("container_name").GetString().ShouldBe("web");
        sample.GetProperty("memory_usage").GetInt64().ShouldBe(57344 + 8192);
        sample.GetProperty("network_rx").GetInt64().ShouldBe(726);
        sample.GetProperty("disk_read").GetInt64().ShouldBe(1459300);
        fixture.Tell("rename", Id, "db");
        await fixture.UntilAsync(
            "it goes by its new name",
            () => fixture.TakeAll().TryGetValue(Id, out var sample) && sample.GetProperty("container_name").GetString() == "db");
        fixture.Engine.Requests.ShouldBe([$"/containers/{Id}/json"]);
        fixture.Log.Text.ShouldContain("come from the kernel");
    }

    [Fact]
    public async Task Without_a_listener_or_a_container_nothing_is_asked_and_no_timer_runs()
    {
        await using var fixture = new SamplerFixture(connected: false);
        fixture.AddToKernel(Id, Pid);
        fixture.Tell("start", Id);
        await fixture.LookAgainAsync();
        fixture.Time.Timers.ShouldBe(0);
        fixture.Engine.Requests.ShouldBeEmpty();
        fixture.Connected = true;
        fixture.Sampler.Wake();
        await fixture.SampleAsync(Id);
        fixture.Connected = false;
        await fixture.UntilAsync("the loop rests", () => fixture.Time.Timers == 0);
        fixture.Connected = true;
        fixture.Sampler.Wake();
        await fixture.SampleAsync(Id);
        fixture.Tell("die", Id);
        await fixture.UntilAsync("the loop rests", () => fixture.Time.Timers == 0);
    }

    [Fact]
    public async Task For_a_server_that_wants_it_afterwards_minutes_are_measured_without_a_connection_and_sampled_less_often()
    {
        await using var fixture = new SamplerFixture(connected: false);
        fixture.ConnectBackfilled();
        fixture.AddToKernel(Id, Pid);
        fixture.Tell("start", Id);
        await fixture.SampleAsync(Id);
        fixture.Connected = false;
        fixture.Sampler.Wake();
        var minutes = fixture.Backfill.Minutes;
        await fixture.UntilAsync("ten minutes are kept", () => minutes.Bytes > 0);
        _ = fixture.TakeAll(); // One may have been under way when the connection ended.
        var later = fixture.Time.GetUtcNow().AddMinutes(1);
        await fixture.UntilAsync("it is a minute later", () => fixture.Time.GetUtcNow() > later);
        fixture.TakeAll().ShouldBeEmpty();
        fixture.ConnectBackfilled();
        await fixture.SampleAsync(Id);
        var kept = minutes.TryTake()!.Minutes;
        kept.Count.ShouldBe(Agent.Streams.Backfill.KeptMinutes.BatchMinutes);
        kept.Skip(1).ShouldAllBe(minute => minute.Containers!["web"].Samples == 6);
        kept[^1].Containers!["web"].NetworkRxBytesPerSec.ShouldBe([0, 0, 0]);
    }

    [Fact]
    public async Task A_policy_that_denies_statistics_stops_them()
    {
        await using var fixture = new SamplerFixture();
        fixture.Policies.Changed += fixture.Sampler.Wake;
        fixture.AddToKernel(Id, Pid);
        fixture.Tell("start", Id);
        await fixture.SampleAsync(Id);
        fixture.Policies.Use(Gates.Policy("mode: full\ndeny: [stats]"));
        await fixture.UntilAsync("the loop rests", () => fixture.Time.Timers == 0);
        fixture.Policies.Use(Gates.Policy("mode: observe"));
        await fixture.SampleAsync(Id);
    }

    [Fact]
    public async Task A_loop_that_waits_for_a_long_interval_counts_as_well()
    {
        await using var fixture = new SamplerFixture(interval: TimeSpan.FromHours(1));
        fixture.Tell("start", Id);
        await Retry.UntilAsync("the loop waits", () => fixture.Time.Timers > 0, ct: Token);
        fixture.Time.Advance(TimeSpan.FromMinutes(59));
        await Retry.UntilAsync("it counts as well", () => fixture.Heartbeat.Read().Turns, ct: Token);
    }

    [Fact]
    public async Task A_round_of_questions_that_nobody_waits_for_any_more_is_given_up_at_once()
    {
        await using var fixture = new SamplerFixture(StatsOrigin.Engine, connected: false, TimeSpan.FromHours(1));
        foreach (var id in new[] { Id, Other })
        {
            fixture.Measures(id, cpu: 1000, system: 10_000);
            fixture.Tell("start", id);
        }

        // One is asked about at once, the other after half an hour.
        fixture.Connected = true;
        fixture.Sampler.Wake();
        await Retry.UntilAsync("the first is asked about", () => fixture.Engine.Requests.Count == 1, ct: Token);
        fixture.Connected = false;
        fixture.Sampler.Wake();
        await Retry.UntilAsync("the loop rests", () => fixture.Time.Timers == 0, ct: Token);

        // The clock stood still, and with a listener a new round begins.
        fixture.Connected = true;
        fixture.Sampler.Wake();
        await Retry.UntilAsync("the first is asked about again", () => fixture.Engine.Requests.Count == 2, ct: Token);
    }

    [Fact]
    public async Task The_first_reading_after_a_pause_is_only_what_the_next_is_compared_with()
    {
        await using var fixture = new SamplerFixture();
        fixture.AddToKernel(Id, Pid);
        fixture.Tell("start", Id);
        await fixture.SampleAsync(Id);
        fixture.Connected = false;
        await fixture.UntilAsync("the loop rests", () => fixture.Time.Timers == 0);
        fixture.TakeAll();

        // All the time of the pause is the container's.
        fixture.Tree.WriteVersion2($"sys/fs/cgroup/docker/{Id}", usec: 100_000_000);
        fixture.Tree.WriteStat(idle: 11_000);
        fixture.Connected = true;
        fixture.Sampler.Wake();
        (await fixture.SampleAsync(Id)).GetProperty("cpu_percent").GetDouble().ShouldBe(0);
    }

    [Fact]
    public async Task A_container_that_was_started_again_is_measured_by_its_new_process()
    {
        await using var fixture = new SamplerFixture();
        fixture.AddToKernel(Id, Pid);
        fixture.Tell("start", Id);
        await fixture.SampleAsync(Id);

        // Its process is gone before its event comes.
        fixture.Inspects(Id, pid: 0, running: false);
        fixture.Tree.WriteStartTime(1);
        fixture.AddToKernel(Other, Pid + 9);
        fixture.Tell("start", Other);
        await fixture.SampleAsync(Other);
        fixture.TakeAll();
        await fixture.SampleAsync(Other);
        fixture.TakeAll().ShouldNotContainKey(Id);
        fixture.AddToKernel(Id, Pid + 1);
        fixture.Tree.WriteNetwork(55, 5, Pid + 1);
        fixture.Tell("die", Id);
        fixture.Tell("start", Id);
        (await fixture.SampleAsync(Id)).GetProperty("network_rx").GetInt64().ShouldBe(55);
        fixture.Log.Lines.Where(line => !line.StartsWith("Debug:", StringComparison.Ordinal)).ShouldHaveSingleItem().ShouldContain("come from the kernel");
    }

    [Fact]
    public async Task A_container_that_was_started_again_without_an_event_is_found_again()
    {
        await using var fixture = new SamplerFixture();
        fixture.AddToKernel(Id, Pid);
        fixture.Tell("start", Id);
        await fixture.SampleAsync(Id);
        fixture.AddToKernel(Id, Pid + 1);
        fixture.Tree.WriteNetwork(55, 5, Pid + 1);
        fixture.Tree.WriteStartTime(1);
        await fixture.UntilAsync(
            "it is measured by its new process",
            () => fixture.TakeAll().TryGetValue(Id, out var sample) && sample.GetProperty("network_rx").GetInt64() == 55);
        fixture.Log.Lines.ShouldHaveSingleItem().ShouldContain("come from the kernel");
    }

    [Fact]
    public async Task A_container_that_joins_the_network_of_one_on_the_hosts_network_has_no_figures_of_it()
    {
        await using var fixture = new SamplerFixture();
        fixture.AddToKernel(Id, Pid, "container:" + Other);
        fixture.Inspects(Other, Pid + 1, "host");
        fixture.Tell("start", Id);
        (await fixture.SampleAsync(Id)).GetProperty("network_rx").GetInt64().ShouldBe(0);
    }

    [Fact]
    public async Task What_the_kernel_does_not_show_is_asked_of_the_engine_and_the_log_says_once_what_would_help()
    {
        await using var fixture = new SamplerFixture();
        foreach (var id in new[] { Id, Other })
        {
            fixture.Inspects(id, Pid);
            fixture.Measures(id, cpu: 1000, system: 10_000);
            fixture.Tell("start", id);
        }

        await fixture.SampleAsync(Id);
        fixture.Measures(Id, cpu: 3000, system: 20_000);
        await fixture.UntilAsync(
            "the processor's share is known",
            () => fixture.TakeAll().TryGetValue(Id, out var sample) && sample.GetProperty("cpu_percent").GetDouble() == 40);
        fixture.Measures(Other, cpu: 1000, system: 20_000);
        (await fixture.SampleAsync(Other)).GetProperty("memory_usage").GetInt64().ShouldBe(900);
        var line = fixture.Log.Lines.Where(line => line.Contains("engine", StringComparison.Ordinal)).ShouldHaveSingleItem();
        line.ShouldContain("-v /sys/fs/cgroup:/host/sys/fs/cgroup:ro");
        line.ShouldContain("-v /proc:/host/proc:ro");
    }

    [Fact]
    public async Task Told_to_use_the_kernel_alone_it_says_what_is_missing_and_asks_the_engine_for_no_figures()
    {
        await using var fixture = new SamplerFixture(StatsOrigin.Kernel);
        fixture.Inspects(Id, Pid);
        fixture.Measures(Id, cpu: 1000, system: 10_000);
        fixture.Tell("start", Id);
        fixture.AddToKernel(Other, Pid + 1);
        await fixture.UntilAsync("the log says so", () => fixture.Log.Text.Contains("STATS_SOURCE is kernel", StringComparison.Ordinal));
        fixture.Log.Text.ShouldContain("-v /proc:/host/proc:ro");
        fixture.Tell("start", Other);
        await fixture.SampleAsync(Other);
        fixture.Engine.Requests.ShouldNotContain(path => path.Contains("/stats", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Told_to_use_the_engine_it_leaves_the_kernel_alone()
    {
        await using var fixture = new SamplerFixture(StatsOrigin.Engine);
        fixture.AddToKernel(Id, Pid);
        fixture.Measures(Id, cpu: 1000, system: 10_000);
        fixture.Tell("start", Id);
        (await fixture.SampleAsync(Id)).GetProperty("memory_usage").GetInt64().ShouldBe(900);
        fixture.Engine.Requests.ShouldAllBe(path => path == $"/containers/{Id}{SamplerFixture.StatsQuery}");
        fixture.Log.Text.ShouldContain("as STATS_SOURCE says");
    }

    [Fact]
    public async Task An_engine_that_is_slow_is_asked_a_few_questions_at_once_and_never_two_about_one_container()
    {
        const int Count = EngineSampler.AtOnce + 8;
        using var free = new SemaphoreSlim(0);
        await using var fixture = new SamplerFixture(StatsOrigin.Engine, connected: false);
        var asked = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        fixture.Engine.BeforeAnswer = path =>
        {
            if (path.Contains("/stats", StringComparison.Ordinal))
            {
                asked.AddOrUpdate(path, 1, (_, count) => count + 1);
                return free.WaitAsync(Token);
            }

            return Task.CompletedTask;
        };
        var ids = Enumerable.Range(0, Count).Select(i => i.ToString("x64", System.Globalization.CultureInfo.InvariantCulture)).ToArray();
        foreach (var id in ids)
        {
            fixture.Measures(id, cpu: 1000, system: 10_000);
            fixture.Tell("start", id);
        }

        // Only now, so that all of them are in the first round.
        fixture.Connected = true;
        fixture.Sampler.Wake();

        // In small steps, since the questions are spread over the interval, and not so far that an answer would be late.
        var step = TimeSpan.FromMilliseconds(10);
        var passed = TimeSpan.Zero;
        await Retry.UntilAsync(
            "as many as may be are asked about",
            () =>
            {
                if (passed < EngineSampler.AnswerLimit - TimeSpan.FromSeconds(1))
                {
                    fixture.Time.Advance(step);
                    passed += step;
                }

                return asked.Values.Sum() == EngineSampler.AtOnce;
            },
            ct: Token);
        fixture.Time.Advance(TimeSpan.FromSeconds(10));
        free.Release(8);
        await fixture.UntilAsync("all are asked about", () => asked.Values.Sum() == Count);
        fixture.Time.Advance(TimeSpan.FromSeconds(10));
        await fixture.LookAgainAsync();
        asked.Values.ShouldAllBe(count => count == 1);
        free.Release(1000);
        await fixture.SampleAsync(ids[^1]);
    }

    [Fact]
    public async Task An_engine_that_is_away_is_asked_again_later()
    {
        await using var fixture = new SamplerFixture();
        fixture.AddToKernel(Id, Pid);
        fixture.Engine.Set($"/containers/{Id}/json", "junk");
        fixture.Tell("start", Id);
        await fixture.UntilAsync("it was asked", () => fixture.Engine.Requests.Count == 1);
        fixture.Inspects(Id, Pid);
        await fixture.SampleAsync(Id);
        fixture.Engine.Requests.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(nameof(StatsOrigin.Engine), "/stats")]
    [InlineData(nameof(StatsOrigin.Kernel), "/json")]
    public async Task A_container_that_is_stuck_in_the_engine_does_not_keep_others_waiting(string origin, string question)
    {
        await using var fixture = new SamplerFixture(Enum.Parse<StatsOrigin>(origin));
        fixture.Engine.BeforeAnswer = path => path.StartsWith($"/containers/{Other}{question}", StringComparison.Ordinal)
            ? Task.Delay(Timeout.Infinite, Token)
            : Task.CompletedTask;
        fixture.Tell("start", Other);
        await fixture.UntilAsync("it is asked about", () => fixture.Engine.Requests.Count == 1);
        fixture.AddToKernel(Id, Pid);
        fixture.Measures(Id, cpu: 1000, system: 10_000);
        fixture.Tell("start", Id);
        (await fixture.SampleAsync(Id)).GetProperty("container_name").GetString().ShouldBe("web");
    }
}
