using System.Text.Json;
using DockMon.Agent.Streams.Stats;
using DockMon.Engine;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.Stats;

public sealed class StatsMathTests
{
    private const string V1 = """
        {"read":"2026-01-02T03:04:05.123456789Z","name":"/web","num_procs":0,"pids_stats":{"current":3},
        "blkio_stats":{"io_service_bytes_recursive":[{"major":8,"minor":0,"op":"Read","value":100},{"major":8,"minor":0,"op":"Write","value":40},
        {"major":8,"minor":16,"op":"Read","value":1},{"major":8,"minor":0,"op":"Total","value":140}]},
        "cpu_stats":{"cpu_usage":{"total_usage":3000,"percpu_usage":[1000,2000]},"system_cpu_usage":20000},
        "memory_stats":{"usage":1000,"limit":5000,"stats":{"active_file":50,"inactive_file":100,"total_inactive_file":300,"rss":500}},
        "networks":{"eth0":{"rx_bytes":5,"tx_bytes":6},"eth1":{"rx_bytes":50,"tx_bytes":60}}}
        """;

    private const string V2 = """
        {"read":"2026-01-02T03:04:05Z","blkio_stats":{"io_service_bytes_recursive":[{"op":"read","value":7},{"op":"write","value":8}]},
        "cpu_stats":{"cpu_usage":{"total_usage":2500},"system_cpu_usage":2000,"online_cpus":4},
        "memory_stats":{"usage":900,"limit":18446744073709551615,"stats":{"anon":400,"active_file":25,"inactive_file":300,"file":325}}}
        """;

    private const string Sparse = """
        {"read":null,"cpu_stats":null,"memory_stats":{"usage":10,"stats":null},"networks":null,
        "blkio_stats":{"io_service_bytes_recursive":null}}
        """;

    [Theory]
    [InlineData(1000UL, 3000UL, 10_000UL, 20_000UL, 2, 40)]
    [InlineData(2000UL, 2500UL, 1000UL, 2000UL, 4, 200)]
    [InlineData(0UL, 2500UL, 0UL, 2000UL, 4, 0)]
    public void Processor_time_is_percent_of_one_processor(ulong before, ulong now, ulong systemBefore, ulong systemNow, int cpus, double expected) =>
        StatsMath.CpuPercent(before, now, systemBefore, systemNow, cpus).ShouldBe(expected, 1e-9);

    [Theory]
    [InlineData(10UL, 9UL, 1000UL, 2000UL)]
    [InlineData(10UL, 30UL, 1000UL, 900UL)]
    [InlineData(10UL, 10UL, 1000UL, 1000UL)]
    public void Processor_time_is_never_below_zero(ulong before, ulong now, ulong systemBefore, ulong systemNow) =>
        StatsMath.CpuPercent(before, now, systemBefore, systemNow, 2).ShouldBe(0);

    [Theory]
    [InlineData(V1, 2)]
    [InlineData(V2, 4)]
    [InlineData(Sparse, 1)]
    public void Processors_are_counted_where_the_engine_does_not_say_how_many_there_are(string json, int expected) =>
        StatsMath.Cpus(Parse(json).CpuStats).ShouldBe(expected);

    [Theory]
    [InlineData(V1, 700UL)]
    [InlineData(V2, 425UL)]
    [InlineData(Sparse, 10UL)]
    [InlineData("""{"memory_stats":{"usage":100,"stats":{"inactive_file":30}}}""", 70UL)]
    [InlineData("""{"memory_stats":{"usage":100,"stats":{"total_inactive_file":300}}}""", 0UL)]
    [InlineData("{}", 0UL)]
    public void The_working_set_leaves_out_idle_page_cache(string json, ulong expected) =>
        StatsMath.WorkingSet(Parse(json)).ShouldBe(expected);

    [Theory]
    [InlineData(V1, 101UL, 40UL)]
    [InlineData(V2, 7UL, 8UL)]
    [InlineData(Sparse, 0UL, 0UL)]
    public void Block_io_is_summed_whatever_the_case(string json, ulong read, ulong write) =>
        StatsMath.BlockIo(Parse(json)).ShouldBe((read, write));

    [Theory]
    [InlineData(V1, 55UL, 66UL)]
    [InlineData(V2, 0UL, 0UL)]
    [InlineData(Sparse, 0UL, 0UL)]
    public void Networks_are_summed(string json, ulong rx, ulong tx) => StatsMath.Network(Parse(json)).ShouldBe((rx, tx));

    [Fact]
    public void A_sample_is_read_with_its_time()
    {
        Parse(V1).Read!.Value.Year.ShouldBe(2026);
        Parse(V2).MemoryStats.Limit.ShouldBe(ulong.MaxValue);
    }

    private static EngineStats Parse(string json) => JsonSerializer.Deserialize(json, EngineJson.Default.EngineStats)!;
}
