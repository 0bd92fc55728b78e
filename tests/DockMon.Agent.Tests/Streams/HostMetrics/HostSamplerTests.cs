using System.Text;
using System.Text.Json;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Agent.Hosting;
using DockMon.Agent.Linux;
using DockMon.Agent.Streams.Backfill;
using DockMon.Agent.Streams.HostMetrics;
using DockMon.Agent.Tests.Connection;
using DockMon.Agent.Tests.Policies;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.HostMetrics;

public sealed class HostSamplerTests : IDisposable
{
    private readonly TemporaryFolder _root = new();
    private readonly FakeTimeProvider _time = new();
    private readonly LogCapture _log = new();
    private Outbound? _outbound;
    private HostSampler? _sampler;
    private readonly ConnectionState _connection = TestConnections.Create(isConnected: true);

    private DriveInfo Drive => new(_root.Path);

    [Fact]
    public void Two_readings_make_a_sample()
    {
        Write("proc", "cpu  0 0 0 0", received: 0);
        Start(inContainer: false);
        Tick();
        Write("proc", "cpu  50 0 0 150", received: 4000);
        var stats = Sample();
        stats.GetProperty("cpu_percent").GetDouble().ShouldBe(25);
        stats.GetProperty("mem_percent").GetDouble().ShouldBe(40);
        stats.GetProperty("net_bytes_per_sec").GetDouble().ShouldBe(2000);
    }

    [Fact]
    public void Without_a_connection_figures_are_kept_for_a_server_that_wants_them_afterwards()
    {
        Write("proc", "cpu  0 0 0 0", received: 0);
        Start(inContainer: false);
        var context = new AgentContext(new AgentOptions { ServerUrl = new Uri("ws://127.0.0.1:1") }, _log, _time, new Random(1));
        _sampler!.Backfill = new Backfiller(context, _connection, _outbound!);
        Connect();
        Tick();
        Sample();
        _connection.Set(isConnected: false);
        for (var i = 0; i < 60; i++)
        {
            Tick();
        }

        _outbound!.TryTake().ShouldBeNull();
        Connect();
        var minutes = _sampler.Backfill.Minutes.TryTake()!.Minutes;
        minutes.Sum(minute => minute.Host!.Samples).ShouldBe(12);
        minutes[0].Host!.MemPercent.ShouldBe([40, 40, 40]);

        void Connect() => _connection.SetConnected(
            new AuthSuccess { AgentId = "a", HostId = "h", PermanentToken = "t", Extensions = [ExtensionNames.StatsBackfill] });
    }

    [Fact]
    public void In_a_container_nothing_is_sent_of_its_own()
    {
        Write("proc", "cpu  0 0 0 0", received: 0);
        Start(inContainer: true);
        Tick();
        Tick();
        Tick();
        _outbound!.TryTake().ShouldBeNull();
    }

    [Fact]
    public void Of_a_machine_that_is_not_the_engines_host_nothing_is_sent_and_that_is_told_once()
    {
        Write("proc", "cpu  0 0 0 0", received: 0);
        Write("host/proc", "cpu  0 0 0 0", received: 0);
        Start(inContainer: false);
        _sampler!.Sight = new HostSight(InContainer: false, "the engine is elsewhere");
        Tick();
        Tick();
        Tick();
        _outbound!.TryTake().ShouldBeNull();
        _log.Lines.ShouldHaveSingleItem().ShouldContain("the engine is elsewhere");

        _sampler!.Sight = new HostSight(InContainer: true);
        Tick();
        Sample();
    }

    [Fact]
    public void In_a_container_that_was_given_the_hosts_files_they_are_read()
    {
        Write("proc", "cpu  0 0 0 0", received: 0);
        Write("host/proc", "cpu  0 0 0 0", received: 0);
        Start(inContainer: true);
        Tick();
        Write("host/proc", "cpu  200 0 0 200", received: 2000);
        var stats = Sample();
        stats.GetProperty("cpu_percent").GetDouble().ShouldBe(50);
        stats.GetProperty("net_bytes_per_sec").GetDouble().ShouldBe(1000);
    }

    [Fact]
    public void An_interface_that_is_down_does_not_count_and_files_that_cannot_be_read_end_nothing()
    {
        Start(inContainer: false);
        Tick();
        Write("proc", "junk", received: 0);
        Tick();
        Write("proc", "cpu  0 0 0 0", received: 0, state: "down");
        Tick();
        Write("proc", "cpu  0 0 0 9", received: 4000, state: "down");
        Sample().GetProperty("net_bytes_per_sec").GetDouble().ShouldBe(0);
    }

    [Fact]
    public void While_nobody_listens_nothing_is_due_and_what_passed_meanwhile_is_no_sample()
    {
        Write("proc", "cpu  0 0 0 0", received: 0);
        Start(inContainer: false);
        Tick();
        _connection.Set(isConnected: false);
        _sampler!.Advance().ShouldBeNull();
        _connection.Set(isConnected: true);
        Write("proc", "cpu  900 0 0 0", received: 9000);
        Tick();
        _outbound!.TryTake().ShouldBeNull();
        Write("proc", "cpu  910 0 0 30", received: 9000);
        Sample().GetProperty("cpu_percent").GetDouble().ShouldBe(25);
    }

    [Fact]
    public void A_sample_that_is_due_soon_is_taken_with_what_is_due_now()
    {
        Write("proc", "cpu  0 0 0 0", received: 0);
        Start(inContainer: false);
        _sampler!.Advance().ShouldBe(HostSampler.Period);
        _time.Advance(TimeSpan.FromSeconds(1.8));
        _sampler.Advance().ShouldBe(TimeSpan.FromSeconds(0.2));
        _outbound!.TryTake().ShouldBeNull();
        _time.Advance(TimeSpan.FromSeconds(0.15));
        _sampler.Advance().ShouldBe(HostSampler.Period + TimeSpan.FromSeconds(0.05));
        _outbound.TryTake().ShouldNotBeNull();
    }

    [Fact]
    public void A_server_that_has_not_asked_gets_nothing_that_its_protocol_does_not_have()
    {
        WriteExtended(sectorsRead: 0);
        Start(inContainer: false);
        Tick();
        Sample().EnumerateObject().Select(property => property.Name).ShouldBe(["cpu_percent", "mem_percent", "net_bytes_per_sec"]);
    }

    [Fact]
    public void A_server_that_has_asked_gets_load_swap_disks_file_systems_and_temperatures()
    {
        WriteExtended(sectorsRead: 1000);
        Start(inContainer: false);
        _sampler!.IsExtended = true;
        Tick();
        Sample().GetProperty("extended").GetProperty("disks").GetArrayLength().ShouldBe(0);
        WriteExtended(sectorsRead: 4000);
        Sample().TryGetProperty("extended", out _).ShouldBeFalse();
        _time.Advance(HostSampler.ExtendedPeriod - HostSampler.Period - HostSampler.Period);
        var extended = Sample().GetProperty("extended");
        var used = extended.GetProperty("file_systems")[0].GetProperty("used_bytes").GetInt64();
        extended.GetRawText().ShouldBe(
            $$$"""{"load_average":[0.5,1.25,2],"swap_total_bytes":2048000,"swap_used_bytes":512000,"disks":[{"name":"sda","size_bytes":"""
            + $$$"""1024000,"read_bytes_per_sec":51200,"write_bytes_per_sec":0}],"file_systems":["""
            + $$$"""{"device":"/dev/sda1","mount_point":"{{{_root.Path}}}","total_bytes":{{{Drive.TotalSize}}},"used_bytes":{{{used}}}}],"temperatures":"""
            + """[{"name":"coretemp Core 0","celsius":41.5},{"name":"coretemp","celsius":-3}]}""");
        extended.GetProperty("file_systems")[0].GetProperty("used_bytes").GetInt64().ShouldBeInRange(1, Drive.TotalSize);
    }

    [Fact]
    public void What_a_host_does_not_show_is_left_out()
    {
        Write("host/proc", "cpu  0 0 0 0", received: 0);
        Start(inContainer: true);
        _sampler!.IsExtended = true;
        Tick();
        Sample().GetProperty("extended").GetRawText().ShouldBe("""{"swap_total_bytes":0,"swap_used_bytes":0,"disks":[],"temperatures":[]}""");
    }

    public void Dispose() => _root.Dispose();

    private void Start(bool inContainer)
    {
        _outbound = new Outbound(new Outbox(Path.Combine(_root.Path, "data")), _time, NullLogger<Outbound>.Instance);
        _sampler = new HostSampler(
            _connection,
            _outbound,
            Gates.NoPolicy,
            _time,
            _log.CreateLogger<HostSampler>(),
            new Machine(_root.Path)) { Sight = new HostSight(inContainer) };
    }

    private void Tick()
    {
        _time.Advance(HostSampler.Period);
        _sampler!.Advance();
    }

    private JsonElement Sample()
    {
        Tick();
        var frame = _outbound!.TryTake().ShouldNotBeNull();
        var message = JsonElement.Parse(Encoding.UTF8.GetString(frame.Bytes));
        message.GetProperty("type").GetString().ShouldBe("stats");
        return message.GetProperty("stats");
    }

    private void Write(string proc, string stat, long received, string state = "up")
    {
        var sys = Path.Combine(_root.Path, proc == "proc" ? "sys" : "host/sys", "class/net/eth0");
        var net = Path.Combine(_root.Path, proc, proc == "proc" ? "net" : "1/net");
        Directory.CreateDirectory(sys);
        Directory.CreateDirectory(net);
        File.WriteAllText(Path.Combine(sys, "operstate"), state + "\n");
        File.WriteAllText(Path.Combine(net, "dev"), $"  eth0: {received} 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n  docker0: {received} 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
        File.WriteAllText(Path.Combine(_root.Path, proc, "meminfo"), "MemTotal: 1000 kB\nMemAvailable: 600 kB\n");
        File.WriteAllText(Path.Combine(_root.Path, proc, "stat"), stat + "\ncpu0 0 0 0 0\n");
    }

    private void WriteExtended(long sectorsRead)
    {
        Write("proc", "cpu  0 0 0 0", received: 0);
        var proc = Path.Combine(_root.Path, "proc");
        File.WriteAllText(Path.Combine(proc, "meminfo"), "MemTotal: 1000 kB\nMemAvailable: 600 kB\nSwapTotal: 2000 kB\nSwapFree: 1500 kB\n");
        File.WriteAllText(Path.Combine(proc, "loadavg"), "0.50 1.25 2.00 3/400 5555\n");
        File.WriteAllText(
            Path.Combine(proc, "diskstats"), $"   7       0 loop0 9 9 9 9 9 9 9 9 9 9 9\n   8       0 sda 100 0 {sectorsRead} 5 100 0 4000 9 0 9 14 0 "
                + $"0 0 0\n   8       1 sda1 100 0 {sectorsRead} 5 100 0 4000 9 0 9 14\n");
        Directory.CreateDirectory(Path.Combine(proc, "self"));
        File.WriteAllText(Path.Combine(proc, "self/mounts"), $"proc /proc proc rw 0 0\n/dev/sda1 {_root.Path} ext4 rw 0 0\n/dev/sda1 /again ext4 rw 0 "
            + "0\n/dev/sdb1 /gone ext4 rw 0 0\n/dev/loop0 /snap/x squashfs ro 0 0\n");
        var block = Directory.CreateDirectory(Path.Combine(_root.Path, "sys/block/sda")).FullName;
        File.WriteAllText(Path.Combine(block, "size"), "2000\n");
        var chip = Directory.CreateDirectory(Path.Combine(_root.Path, "sys/class/hwmon/hwmon0")).FullName;
        File.WriteAllText(Path.Combine(chip, "name"), "coretemp\n");
        File.WriteAllText(Path.Combine(chip, "temp1_input"), "41500\n");
        File.WriteAllText(Path.Combine(chip, "temp1_label"), "Core 0\n");
        File.WriteAllText(Path.Combine(chip, "temp2_input"), "-3000\n");
    }
}
