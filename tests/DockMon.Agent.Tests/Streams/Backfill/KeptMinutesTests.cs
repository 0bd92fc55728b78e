using DockMon.Agent.Streams.Backfill;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.Backfill;

public sealed class KeptMinutesTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly LogCapture _log = new();
    private readonly KeptMinutes _kept;

    public KeptMinutesTests() => _kept = new KeptMinutes(_time, _log.CreateLogger<KeptMinutes>());

    [Fact]
    public void Samples_become_minutes_with_rates_of_their_counters()
    {
        for (var i = 0; i < 12; i++)
        {
            _kept.Add([Sample("a", "/web", cpu: i, rx: i * 1000), Sample("b", "/db", cpu: 1, rx: 50 - i)]);
            _kept.Add(new HostStats { CpuPercent = i, MemPercent = 40, NetBytesPerSec = 7 });
            _time.Advance(TimeSpan.FromSeconds(10));
        }

        _kept.End();
        var minutes = _kept.TryTake()!.Minutes;
        minutes.Select(minute => minute.Start).ShouldBe([1795435200, 1795435260]);
        var (first, second) = (minutes[0].Containers!["web"], minutes[1].Containers!["web"]);
        (first.Samples, second.Samples).ShouldBe((6, 6));
        first.CpuPercent.ShouldBe([0, 2.5, 5]);
        second.CpuPercent.ShouldBe([6, 8.5, 11]);
        second.NetworkRxBytesPerSec.ShouldBe([100, 100, 100]);
        second.MemoryUsage.ShouldBe([123_000_000, 123_000_000, 123_000_000]);
        minutes[1].Containers!["db"].NetworkRxBytesPerSec.ShouldBeNull("a counter that was reset has no rate");
        minutes[1].Host!.MemPercent.ShouldBe([40, 40, 40]);
        minutes[1].Host!.MemoryUsage.ShouldBeNull();
        _kept.TryTake().ShouldBeNull();
    }

    [Fact]
    public void A_container_that_has_ended_and_a_time_without_samples_have_no_minutes()
    {
        _kept.Add([Sample("a", "/web"), Sample("b", "/db")]);
        _time.Advance(TimeSpan.FromMinutes(3));
        _kept.Add([Sample("a", "/web")]);
        _kept.End();
        _kept.TryTake()!.Minutes.Select(minute => (minute.Start % 3600 / 60, string.Join(',', minute.Containers!.Keys)))
            .ShouldBe([(0, "web,db"), (3, "web")]);
    }

    [Theory]
    [InlineData(100, KeptMinutes.MaxBytes)]
    [InlineData(10, KeptMinutes.MaxBytes / 4)]
    public void A_day_of_fifty_containers_costs_little(int percentBusy, long bytes)
    {
        Measure(containers: 50, TimeSpan.FromHours(24), new Random(1), percentBusy);
        _kept.Bytes.ShouldBeLessThan(bytes);
        CountKept().ShouldBe(24 * 60);
        _log.Lines.ShouldBeEmpty();
    }

    [Fact]
    public void What_is_older_than_a_day_is_dropped_and_so_is_what_is_too_much_and_that_is_told_once()
    {
        Measure(containers: 1, TimeSpan.FromHours(25), new Random(1));
        CountKept().ShouldBeInRange(24 * 60 - 20, 24 * 60 + 20);
        _log.Lines.ShouldHaveSingleItem().ShouldContain("are lost");

        Measure(containers: KeptMinutes.MaxContainers + 100, TimeSpan.FromHours(4), new Random(1));
        _kept.Bytes.ShouldBeInRange(KeptMinutes.MaxBytes / 2, KeptMinutes.MaxBytes);
        _log.Lines.Length.ShouldBe(2);
        _kept.TryTake()!.Minutes[0].Containers!.Count.ShouldBe(KeptMinutes.MaxContainers);
        _kept.Clear();
        _kept.Bytes.ShouldBe(0);
        _kept.TryTake().ShouldBeNull();
    }

    private int CountKept()
    {
        var count = 0;
        while (_kept.TryTake() is { } batch)
        {
            count += batch.Minutes.Count;
        }

        return count;
    }

    /// <summary>Containers of which some are busy, each in its own way, which compresses worst, and some do little.</summary>
    private void Measure(int containers, TimeSpan duration, Random random, int percentBusy = 100)
    {
        var rx = new long[containers];
        for (var minute = 0; minute < duration.TotalMinutes; minute++)
        {
            for (var i = 0; i < 2; i++)
            {
                _kept.Add([.. Enumerable.Range(0, containers).Select(n => n % 100 < containers * percentBusy / 100
                    ? Sample($"id{n}", $"/container-{n}", random.Next(1000) / 10.0, rx[n] += random.Next(100_000_000), random.Next())
                    : Sample($"id{n}", $"/container-{n}", random.Next(3) / 10.0, rx[n] += 200, 50_000_000 + random.Next(100_000)))]);
                _time.Advance(TimeSpan.FromSeconds(30));
            }
        }

        _kept.End();
    }

    private static ContainerStats Sample(string id, string name, double cpu = 1, long rx = 0, long memory = 123_456_789) => new()
    {
        ContainerId = id,
        ContainerName = name,
        CpuPercent = cpu,
        MemoryUsage = memory,
        MemoryLimit = 8_000_000_000,
        NetworkRx = rx,
        NetworkTx = rx / 3,
        DiskRead = 0,
        DiskWrite = rx / 7,
        Timestamp = "",
    };
}
