using System.Globalization;
using DockMon.Hub.History;
using DockMon.Hub.History.Blocks;
using DockMon.Hub.History.Live;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.History;

public sealed class HistoryTests : IAsyncLifetime
{
    private HistoryScene _scene = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _scene = await HistoryScene.CreateAsync(Token);

    public ValueTask DisposeAsync() => _scene.DisposeAsync();

    [Fact]
    public async Task Minutes_are_the_same_from_memory_the_journal_and_blocks()
    {
        _scene.Sample(TimeSpan.FromMinutes(58));
        var fromMemory = await ReadAsync(60);
        await _scene.Journal.WriteAllAsync(Token);
        _scene.Samples.Forget(HistoryScene.HostId);
        var fromJournal = await ReadAsync(60);
        _scene.Time.Advance(TimeSpan.FromMinutes(5));
        await _scene.RollAsync(Token);
        (await _scene.CountAsync("stats_journal", Token)).ShouldBe(0);
        var fromBlocks = await ReadAsync(60);

        fromMemory.Tier.ShouldBe("1m");
        fromMemory.Points.Count.ShouldBe(58);
        fromJournal.Points.SequenceEqual(fromMemory.Points).ShouldBeTrue();
        fromBlocks.Points.SequenceEqual(fromMemory.Points).ShouldBeTrue();
        var point = fromMemory.Points[7];
        point.Time.ShouldBe(HistoryScene.Start + TimeSpan.FromMinutes(7));
        (point.Samples, point.CpuPercent, point.MemoryUsage, point.NetworkRxBytesPerSec).ShouldBe((3, new(0.07, 0.07, 0.07), new(7, 7, 7), null));
    }

    [Theory]
    [InlineData(600, "10m", 6 * 5)]
    [InlineData(3600, "1h", 5)]
    public async Task Coarser_tiers_hold_what_their_minutes_come_to_and_reach_up_to_now(int step, string tier, int points)
    {
        for (var hour = 0; hour < 5; hour++)
        {
            _scene.Sample(TimeSpan.FromHours(1));
            await _scene.Journal.WriteAllAsync(Token);
            if (hour < 3)
            {
                await _scene.RollAsync(Token);
            }
        }

        var answer = await ReadAsync(step);
        (answer.Tier, answer.StepSeconds, answer.Points.Count).ShouldBe((tier, step, points));
        for (var i = 0; i < points; i++)
        {
            var (first, last) = (i * step / 60, ((i + 1) * step / 60) - 1);
            var point = answer.Points[i];
            point.Samples.ShouldBe(step / 20);
            point.MemoryUsage!.Min.ShouldBe(first);
            point.MemoryUsage.Avg.ShouldBe((first + last) / 2.0, 0.501);
            point.MemoryUsage.Max.ShouldBe(last);
        }
    }

    [Fact]
    public async Task Rolling_an_hour_up_twice_or_in_parts_changes_nothing()
    {
        _scene.Sample(TimeSpan.FromMinutes(30));
        await _scene.Journal.WriteAllAsync(Token);
        await _scene.Roller.RollAsync(HistoryScene.HostId, HistoryScene.Start.ToUnixTimeSeconds(), Token);
        _scene.Sample(TimeSpan.FromMinutes(31));
        await _scene.Journal.WriteAllAsync(Token);
        await _scene.RollAsync(Token);
        await _scene.RollAsync(Token);
        var minutes = await ReadAsync(60);
        minutes.Points.Select(point => (point.Samples, point.MemoryUsage!.Avg)).ShouldBe(Enumerable.Range(0, 61).Select(minute => (3, (double)minute)));
        (await ReadAsync(3600)).Points.Select(point => point.Samples).ShouldBe([180, 3]);
    }

    [Fact]
    public async Task Late_minutes_fill_a_gap_and_count_once_however_often_they_come()
    {
        _scene.Sample(TimeSpan.FromMinutes(20));
        _scene.Time.Advance(TimeSpan.FromMinutes(100));
        await _scene.Journal.WriteAllAsync(Token);
        await _scene.RollAsync(Token);
        _scene.Sample(TimeSpan.FromMinutes(1));

        // Minute 19 is there with as many samples, and minute 15 with more.
        var late = Enumerable.Range(15, 105).Select(minute => Late(minute, minute == 15 ? 2 : 3)).ToList();
        for (var again = 0; again < 3; again++)
        {
            (await _scene.Journal.BackfillAsync(HistoryScene.HostId, [new SeriesMinutes("web", late)], Token)).ShouldBe(105);
            await CheckAsync();
            await _scene.RollAsync(Token);
            await CheckAsync();
        }

        async Task CheckAsync()
        {
            (await ReadAsync(60)).Points
                .Select(point => (point.Time - HistoryScene.Start).TotalMinutes)
                .ShouldBe(Enumerable.Range(0, 121).Select(i => (double)i));
            (await ReadAsync(3600)).Points.Select(point => point.Samples).ShouldBe([180, 180, 3]);
            (await ReadAsync(600)).Points.Sum(point => point.Samples).ShouldBe(363);
        }
    }

    [Fact]
    public async Task Late_minutes_that_are_too_old_of_the_future_or_no_minutes_are_left_out()
    {
        var bad = new[] { Late(-60 * 47, 3), Late(1, 3), Late(-5, 0), Late(-4, 3) with { Start = Late(-4, 3).Start + 7 }, Late(-3, 3) };
        (await _scene.Journal.BackfillAsync(HistoryScene.HostId, [new SeriesMinutes("web", bad)], Token)).ShouldBe(1);
        (await _scene.Journal.BackfillAsync("nobody", [new SeriesMinutes("web", bad)], Token)).ShouldBe(1);
        (await _scene.CountAsync("stats_journal", Token)).ShouldBe(1, "a host that was removed has no history");
    }

    [Fact]
    public async Task A_container_that_was_made_anew_goes_on_under_its_name()
    {
        _scene.Sample(TimeSpan.FromMinutes(3), id: "old");
        _scene.Sample(TimeSpan.FromMinutes(3), id: "new");
        (await ReadAsync(60)).Points.Select(point => point.MemoryUsage!.Avg).ShouldBe([0, 1, 2, 3, 4, 5]);
    }

    [Fact]
    public async Task Many_containers_of_a_host_are_rolled_up_together()
    {
        for (var container = 0; container < 150; container++)
        {
            _scene.Time.AdjustTime(HistoryScene.Start);
            _scene.Sample(TimeSpan.FromMinutes(2), seconds: 30, name: $"c{container}", id: $"id{container}");
        }

        await _scene.Journal.WriteAllAsync(Token);
        _scene.Time.SetUtcNow(HistoryScene.Start + TimeSpan.FromHours(2));
        await _scene.RollAsync(Token);
        (await _scene.CountAsync("stats_blocks", Token)).ShouldBe(151 * Tier.All.Count);
        var answer = await _scene.Query.ReadAsync(HistoryScene.HostId, "c149", HistoryScene.Start, null, 60, Token);
        answer.Points.Select(point => (point.Samples, point.MemoryUsage!.Avg)).ShouldBe([(2, 0), (2, 1)]);
    }

    [Fact]
    public async Task A_damaged_block_costs_only_itself_and_is_logged()
    {
        for (var hour = 0; hour < 3; hour++)
        {
            _scene.Sample(TimeSpan.FromHours(1), seconds: 60);
            await _scene.Journal.WriteAllAsync(Token);
        }

        await _scene.RollAsync(Token);
        var second = HistoryScene.Start.ToUnixTimeSeconds() + Tier.Hour;
        byte[] damaged = [1, 2, 3, 4, 5, 6, 7];
        await _scene.Database.ExecuteAsync(
            "UPDATE stats_blocks SET block = @block WHERE tier = 1 AND start = @start", Token, ("@start", second), ("@block", damaged));
        (await ReadAsync(60)).Points.Count.ShouldBe(120);
        (await ReadAsync(3600)).Points.Count.ShouldBe(3);
        _scene.Log.Text.ShouldContain("1 blocks of statistics are damaged");

        await _scene.Database.ExecuteAsync(
            "INSERT INTO stats_journal (host_id, hour, block) VALUES ('host', @start, @block)", Token, ("@start", second), ("@block", new byte[] { 5 }));
        await _scene.RollAsync(Token);
        (await _scene.CountAsync("stats_journal", Token)).ShouldBe(0);
        _scene.Log.Text.ShouldContain("1 rows of the statistics journal are damaged");
    }

    [Fact]
    public async Task Each_tier_is_kept_as_long_as_it_says()
    {
        _scene.Sample(TimeSpan.FromHours(1), seconds: 60);
        await _scene.Journal.WriteAllAsync(Token);
        await _scene.RollAsync(Token);
        foreach (var (age, tiers) in new[]
        {
            (TimeSpan.FromHours(47), 3), (TimeSpan.FromHours(50), 2), (TimeSpan.FromDays(14), 2), (TimeSpan.FromDays(15), 1), (TimeSpan.FromDays(400), 1),
            (TimeSpan.FromDays(406), 0),
        })
        {
            _scene.Time.SetUtcNow(HistoryScene.Start + age);
            await _scene.Expiry.TurnAsync(Token);
            (await _scene.CountAsync("stats_blocks", Token)).ShouldBe(tiers * 2, $"after {age}");
        }
    }

    [Fact]
    public async Task A_journal_that_cannot_be_rolled_up_does_not_grow_for_ever()
    {
        _scene.Sample(TimeSpan.FromMinutes(1));
        await _scene.Journal.WriteAllAsync(Token);
        _scene.Time.Advance(TimeSpan.FromHours(47));
        await _scene.Expiry.TurnAsync(Token);
        (await _scene.CountAsync("stats_journal", Token)).ShouldBe(1);
        _scene.Time.Advance(TimeSpan.FromHours(2));
        await _scene.Expiry.TurnAsync(Token);
        (await _scene.CountAsync("stats_journal", Token)).ShouldBe(0);
        _scene.Log.Text.ShouldContain("Deleted 1 rows of the statistics journal");
    }

    [Fact]
    public async Task What_a_removed_host_left_behind_is_deleted()
    {
        _scene.Sample(TimeSpan.FromHours(1), seconds: 60);
        await _scene.Journal.WriteAllAsync(Token);
        await _scene.RollAsync(Token);
        _scene.Sample(TimeSpan.FromMinutes(1));
        await _scene.Journal.WriteAllAsync(Token);
        await _scene.Database.ExecuteAsync("DELETE FROM hosts", Token);
        _scene.Time.Advance(TimeSpan.FromHours(1));
        await _scene.RollAsync(Token);
        await _scene.Expiry.TurnAsync(Token);
        (await _scene.CountAsync("stats_blocks", Token), await _scene.CountAsync("stats_journal", Token)).ShouldBe((0, 0));
    }

    [Fact]
    public async Task While_the_database_is_away_an_hour_of_minutes_waits_and_the_log_tells_of_those_lost()
    {
        await _scene.Database.ExecuteAsync("ALTER TABLE stats_journal RENAME TO away", Token);
        for (var minute = 0; minute < 75; minute += 5)
        {
            _scene.Sample(TimeSpan.FromMinutes(5));
            await _scene.Journal.WriteAllAsync(Token);
        }

        await _scene.Database.ExecuteAsync("ALTER TABLE away RENAME TO stats_journal", Token);
        await _scene.Journal.WriteAllAsync(Token);
        _scene.Log.Text.ShouldContain("Cannot write statistics");
        _scene.Log.Text.ShouldContain("Lost 30 minutes of statistics of host host");
        (await ReadAsync(60)).Points.Count.ShouldBe(60);
    }

    [Theory]
    [InlineData("00:04:00", null, "1s", 1)]
    [InlineData("00:04:00", 10, "1s", 10)]
    [InlineData("00:04:00", 60, "1m", 60)]
    [InlineData("01:00:00", null, "1m", 60)]
    [InlineData("1.00:00:00", null, "1m", 120)]
    [InlineData("2.00:00:00", null, "1m", 180)]
    [InlineData("2.00:00:00", 900, "10m", 1200)]
    [InlineData("4.00:00:00", 60, "10m", 600)]
    [InlineData("14.00:00:00", null, "10m", 1800)]
    [InlineData("30.00:00:00", null, "1h", 3600)]
    [InlineData("400.00:00:00", null, "1h", 36000)]
    [InlineData("4000.00:00:00", null, "1h", 36000)]
    public async Task The_tier_that_fits_answers_in_no_more_than_a_thousand_points(string age, int? step, string tier, int seconds)
    {
        _scene.Sample(TimeSpan.FromMinutes(5));
        var answer = await ReadAsync(step, _scene.Time.GetUtcNow() - TimeSpan.Parse(age, CultureInfo.InvariantCulture));
        (answer.Tier, answer.StepSeconds).ShouldBe((tier, seconds));
        answer.Points.ShouldNotBeEmpty();
        ((answer.To - answer.From).TotalSeconds / seconds).ShouldBeLessThanOrEqualTo(HistoryQuery.MostPoints - 1);
    }

    [Fact]
    public async Task The_host_itself_has_a_history()
    {
        _scene.Sample(TimeSpan.FromMinutes(3));
        var answer = await _scene.Query.ReadAsync(HistoryScene.HostId, LiveSamples.HostSeries, null, null, 60, Token);
        answer.Points.Select(point => (point.CpuPercent!.Avg, point.MemPercent!.Avg)).ShouldBe([(0, 0.5), (0.01, 0.5), (0.02, 0.5)]);
    }

    private Task<HistoryAnswer> ReadAsync(long? step, DateTimeOffset? from = null) =>
        _scene.Query.ReadAsync(HistoryScene.HostId, "web", from ?? HistoryScene.Start, null, step ?? 0, Token);

    private static Rollup Late(int minute, int count)
    {
        var rollup = Rollup.Create((HistoryScene.Start + TimeSpan.FromMinutes(minute)).ToUnixTimeSeconds(), count);
        rollup.Values[SampleShape.Container.IndexOfMetric("memory_usage")] = new Spread(minute, minute, minute);
        return rollup;
    }
}
