using System.Text;
using System.Text.Json;
using CsCheck;
using DockMon.Hub.History.Blocks;
using DockMon.Hub.History.Live;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.History.Live;

public sealed class LiveSamplesTests
{
    private const string Sixty = "012345678901234567890123456789012345678901234567890123456789";

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly LogCapture _log = new();
    private readonly LiveSamples _samples;

    public LiveSamplesTests() => _samples = new LiveSamples(_time, new Logger<LiveSamples>(_log));

    [Fact]
    public void A_sample_comes_back_with_the_members_it_had()
    {
        const string Sample =
            """
            {"container_id":"6767","container_name":"app2","timestamp":"2026-11-23T08:23:50Z","cpu_percent":12.5,"memory_usage":741376,
            "memory_percent":0.02,"network_rx":396,"network_tx":0,"disk_write":9007199254740993,"disk_read":1,"memory_limit":25276510208}
            """;
        Add(Sample.Replace("\"app2\"", "\"/app2\"", StringComparison.Ordinal));
        _samples.Latest("host").Containers["6767"].GetRawText().ShouldBe(Sample.ReplaceLineEndings(""));
    }

    [Fact]
    public void A_sample_of_the_host_keeps_what_more_was_last_said_of_it()
    {
        Add("""{"cpu_percent":1.25,"extended":{"load_average":[1,2,3]},"mem_percent":4.80208872985889,"net_bytes_per_sec":1.5e3}""", isHost: true);
        _time.Advance(TimeSpan.FromSeconds(2));
        Add("""{"cpu_percent":0,"mem_percent":4.8}""", isHost: true);
        _samples.Latest("host").Own!.Value.GetRawText().ShouldBe("""{"cpu_percent":0,"mem_percent":4.8,"extended":{"load_average":[1,2,3]}}""");
        _samples.Recent("host", LiveSamples.HostSeries)[0].Stats.GetRawText().ShouldBe("""{"cpu_percent":1.25,"mem_percent":4.802,"net_bytes_per_sec":1500}""");
    }

    [Theory]
    [InlineData(""","cpu_percent":"1","memory_usage":null,"network_rx":[1],"timestamp":7,"disk_read":1e999""", ""","disk_read":9000000000000000""")]
    [InlineData(""","timestamp":"yesterday","network_tx":1.6,"memory_usage":-9223372036854775808""", ""","memory_usage":-9223372036854775807,"network_tx":2""")]
    [InlineData(
        ""","timestamp":"2026-11-23T08:23:50.25Z","cpu_percent":-1e99""",
        ""","timestamp":"2026-11-23T08:23:50.2500000Z","cpu_percent":-9000000000000""")]
    [InlineData(""","other":{"cpu_percent":[]},"container_name":7""", "")]
    [InlineData("", "")]
    public void Members_that_are_no_figures_are_left_out(string members, string kept)
    {
        Add($$"""{"container_id":"c"{{members}}}""");
        _samples.Latest("host").Containers["c"].GetRawText().ShouldBe($$"""{"container_id":"c"{{kept}}}""");
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("""{"container_id":null}""")]
    [InlineData("""{"container_id":""}""")]
    [InlineData("""{"container_id":7}""")]
    [InlineData("{\"container_id\":\"" + Sixty + Sixty + "0123456789" + "\"}")]
    public void What_is_no_sample_is_not_kept(string text)
    {
        Add(text);
        _samples.Hosts.Sum(host => host.Value.Count).ShouldBe(0);
    }

    [Theory]
    [InlineData("""{"container_id":"c" """)]
    [InlineData("""{"container_id":"c"} x""")]
    [InlineData("")]
    public void Text_that_is_no_json_is_refused(string text) => Should.Throw<JsonException>(() => Add(text));

    [Fact]
    public void Five_minutes_of_samples_are_kept_and_read_oldest_first()
    {
        for (var second = 0; second < 1000; second++)
        {
            Add($$"""{"container_id":"c","cpu_percent":{{second}},"network_rx":{{second * 1000L * second}}}""");
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        var kept = _samples.Recent("host", "c");
        kept.Select(sample => sample.Stats.GetProperty("cpu_percent").GetInt32()).ShouldBe(Enumerable.Range(700, 300));
        kept[0].ReceivedAt.ShouldBe(_time.GetUtcNow() - LiveSamples.Kept);
        kept[^1].Stats.GetProperty("network_rx").GetInt64().ShouldBe(999L * 999 * 1000);
    }

    [Fact]
    public void A_sample_that_came_over_both_sockets_is_kept_once()
    {
        for (var second = 0; second < 10; second++)
        {
            Add("""{"container_id":"c","cpu_percent":1}""");
            _time.Advance(TimeSpan.FromMilliseconds(20));
            Add("""{"container_id":"c","cpu_percent":1}""");
            _time.Advance(TimeSpan.FromMilliseconds(980));
        }

        _samples.Recent("host", "c").Count.ShouldBe(10);
    }

    [Fact]
    public void A_clock_that_was_set_back_does_not_stop_the_samples()
    {
        Add("""{"container_id":"c","cpu_percent":1}""");
        _time.AdjustTime(_time.GetUtcNow() - TimeSpan.FromHours(1));
        Add("""{"container_id":"c","cpu_percent":2}""");
        _samples.Latest("host").Containers["c"].GetProperty("cpu_percent").GetInt32().ShouldBe(2);
        _samples.Recent("host", "c").ShouldHaveSingleItem("what is of the future now is of no use");
    }

    [Fact]
    public void Containers_that_ended_are_forgotten_though_nobody_asks_for_them()
    {
        for (var minute = 0; minute < 60; minute++)
        {
            Add($$"""{"container_id":"job-{{minute}}"}""");
            Add("""{"container_id":"service"}""");
            _time.Advance(TimeSpan.FromMinutes(1));
            _samples.Sweep();
        }

        _samples.Find("host")!.Count.ShouldBeLessThan(10);
        _samples.Recent("host", "service").Count.ShouldBe(5);
    }

    [Fact]
    public void A_host_has_no_more_containers_than_the_limit_and_the_log_says_so_once()
    {
        for (var i = 0; i < LiveSamples.MostContainers + 5; i++)
        {
            Add($$"""{"container_id":"c{{i}}"}""");
        }

        Add("""{"container_id":"c0"}""", hostId: "other");
        var host = _samples.Find("host")!;
        (host.Count, host.Refused).ShouldBe((LiveSamples.MostContainers, 5));
        _samples.Find("other")!.Count.ShouldBe(1);
        _log.Lines.Count(line => line.Contains("Dropped", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public void A_container_of_a_new_id_continues_the_minutes_of_its_name()
    {
        Add("""{"container_id":"old","container_name":"/web","cpu_percent":1}""");
        _time.Advance(TimeSpan.FromSeconds(30));
        Add("""{"container_id":"old","container_name":"/web_old","cpu_percent":50}""");
        Add("""{"container_id":"new","container_name":"/web","cpu_percent":3}""");
        var host = _samples.Find("host")!;
        var minute = host.WaitingMinutes("web").ShouldHaveSingleItem();
        (minute.Count, minute.Values[0]).ShouldBe((2, new Spread(1, 2, 3)));
        host.WaitingMinutes("web_old").ShouldHaveSingleItem().Values[0].ShouldBe(new Spread(50, 50, 50));
        host.SeriesOf("new").ShouldBe("web");
    }

    [Theory]
    [InlineData("0123456789ab", true)]
    [InlineData("0123456789abcdef", true)]
    [InlineData("0123456789a", false)]
    [InlineData("1123456789ab", false)]
    public void A_container_is_found_by_the_beginning_of_its_id_as_Docker_shows_it(string id, bool found)
    {
        Add($$"""{"container_id":"{{string.Concat(Enumerable.Repeat("0123456789abcdef", 4))}}","container_name":"web"}""");
        _samples.Find("host")!.SeriesOf(id).ShouldBe(found ? "web" : null);
    }

    [Fact]
    public void Counters_become_rates_and_one_that_was_reset_has_none()
    {
        foreach (var counter in new[] { 1000, 3000, 3000, 10, 1010 })
        {
            Add($$"""{"container_id":"c","network_rx":{{counter}}}""");
            _time.Advance(TimeSpan.FromSeconds(2));
        }

        var minute = _samples.Find("host")!.WaitingMinutes("c").ShouldHaveSingleItem();
        minute.Values[3].ShouldBe(new Spread(0, 500, 1000));
        minute.Values[4].HasValue.ShouldBeFalse();
    }

    [Fact]
    public void The_memory_of_a_series_is_bounded_whatever_the_samples()
    {
        var random = new Random(7);
        for (var i = 0; i < 600; i++)
        {
            var numbers = string.Join(',', new[] { "memory_usage", "network_rx", "network_tx", "disk_read", "disk_write", "memory_limit" }
                .Select(name => $"\"{name}\":{random.NextInt64()}"));
            Add($$"""{"container_id":"c",{{numbers}}}""");
            _time.Advance(TimeSpan.FromMilliseconds(500));
        }

        var bytes = 0;
        _samples.Find("host")!.ForEach(0, series => bytes = series.Bytes);
        bytes.ShouldBeLessThanOrEqualTo(12 * 1024);
        _samples.Recent("host", "c").Count.ShouldBeGreaterThan(100);
    }

    [Fact]
    public void Any_samples_are_read_as_they_were_added() => Gen.Long.Array[SampleShape.MostMembers].Array[1, 200].Sample(rows =>
    {
        var ring = new SampleRing();
        var added = rows.Select((row, i) =>
        {
            var sample = new Sample { At = i };
            row.CopyTo((Span<long>)sample.Values);
            return sample;
        }).ToList();
        added.ForEach(sample => ring.Add(sample, 0));
        var read = new List<Sample>();
        ring.Read(0, read);

        // Of samples as unusual as these, not all fit.
        read.Count.ShouldBeGreaterThan(Math.Min(rows.Length, 100) - 1);
        foreach (var (one, other) in read.Zip(added[^read.Count..]))
        {
            one.At.ShouldBe(other.At);
            ((ReadOnlySpan<long>)one.Values).SequenceEqual(other.Values).ShouldBeTrue();
        }
    }, iter: 100);

    private void Add(string text, bool isHost = false, string hostId = "host") => _samples.Add(hostId, Encoding.UTF8.GetBytes(text), isHost);
}
