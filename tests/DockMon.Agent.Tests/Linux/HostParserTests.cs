using System.Text;
using DockMon.Agent.Linux;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Linux;

public sealed class HostParserTests
{
    private const string NetDev = """
        Inter-|   Receive                                                |  Transmit
         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
            lo: 9000000   81000    0    0    0     0          0         0  9000000   81000    0    0    0     0       0          0
          eth0: 1000      10       0    0    0     0          0         0  500       5       0    0    0     0       0          0
        wlp3s0:4294967290 10       0    0    0     0          0         0  70        5       0    0    0     0       0          0
        eth0:1: 7         10       0    0    0     0          0         0  8         5       0    0    0     0       0          0
        broken: x         1        0    0    0     0          0         0  1         1       0    0    0     0       0          0
        """;

    [Theory]
    [InlineData("cpu  100 0 100 800 0 0 0 0 0 0", "cpu  150 0 100 850 0 0 0 0 0 0", 50)]
    [InlineData("cpu  100 0 100 800 100 0 0 0 0 0", "cpu  110 5 105 860 120 0 0 0 9 0", 20)]
    [InlineData("cpu  100 0 100 800 100 0 0 0 0 0", "cpu  150 0 100 850 40 0 0 0 0 0", 50)] // iowait went down.
    [InlineData("cpu  100 0 100 800 100 0 0 0 0 0", "cpu  150 0 100 700 100 0 0 0 0 0", 100)] // A core went away.
    [InlineData("cpu  100 0 100 800 100 0 0 0 0 0", "cpu  100 0 100 800 100 0 0 0 0 0", 0)]
    [InlineData("cpu  100 0 100 800 100 0 0 0 0 0", "cpu  1 0 1 8 1 0 0 0 0 0", 0)]
    [InlineData("cpu  100 0 100 800", "cpu  125 0 100 875", 25)] // The oldest kernels have four fields.
    public void Busy_is_what_is_neither_idle_nor_waiting_for_a_disk(string earlier, string later, double percent) =>
        CpuTimes.Parse(Encoding.UTF8.GetBytes(later + "\ncpu0 9 9 9 9\n"))
            .BusyPercentSince(CpuTimes.Parse(Encoding.UTF8.GetBytes(earlier)))
            .ShouldBe(percent, 0.001);

    [Theory]
    [InlineData("")]
    [InlineData("cpu0 1 2 3 4")]
    [InlineData("cpu 1 2")]
    [InlineData("cpu 1 2 3 -4")]
    public void Another_line_is_no_processor(string line) => Should.Throw<FormatException>(() => CpuTimes.Parse(Encoding.UTF8.GetBytes(line)));

    [Theory]
    [InlineData("MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:   12000000 kB", 25)]
    [InlineData("MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 100 kB\nCached: 300 kB", 50)]
    [InlineData("MemTotal: 1000 kB\nMemAvailable: 2000 kB", 0)]
    public void Memory_is_used_when_it_is_not_available(string text, double percent) =>
        MemoryInfo.Parse(Encoding.UTF8.GetBytes(text)).UsedPercent.ShouldBe(percent, 0.001);

    [Fact]
    public void Without_a_total_there_is_no_percentage() => Should.Throw<FormatException>(() => MemoryInfo.Parse("MemFree: 1 kB\n\njunk"u8));

    [Fact]
    public void Physical_interfaces_are_read_and_other_lines_are_not() =>
        InterfaceCounters.ParsePhysical(Encoding.UTF8.GetBytes(NetDev)).ShouldBe([new("eth0", 1000, 500), new("wlp3s0", 4294967290, 70), new("eth0:1", 7, 8)]);

    [Theory]
    [InlineData("eth0", true)]
    [InlineData("enp0s31f6", true)]
    [InlineData("wlan0", true)]
    [InlineData("bond0", true)]
    [InlineData("br0", true)]
    [InlineData("lowpan0", true)]
    [InlineData("lo", false)]
    [InlineData("veth12ab", false)]
    [InlineData("br-0123456789ab", false)]
    [InlineData("docker0", false)]
    [InlineData("docker_gwbridge", false)]
    [InlineData("virbr0", false)]
    [InlineData("vnet3", false)]
    [InlineData("tun0", false)]
    [InlineData("tap0", false)]
    [InlineData("dummy0", false)]
    [InlineData("gretap0", false)]
    [InlineData("sit0", false)]
    [InlineData("ip6tnl0", false)]
    [InlineData("vxlan.calico", false)]
    [InlineData("flannel.1", false)]
    [InlineData("cni0", false)]
    [InlineData("cali1234", false)]
    [InlineData("weave", false)]
    public void Only_physical_interfaces_count(string name, bool physical) => InterfaceCounters.IsPhysical(name).ShouldBe(physical);

    [Fact]
    public void A_counter_that_went_down_and_a_new_interface_count_as_nothing() =>
        InterfaceCounters.BytesBetween(
            [new("eth0", 1000, 500), new("eth1", 4294967290, 10), new("gone", 5, 5)],
            [new("eth0", 1600, 900), new("eth1", 10, 30), new("new", 1_000_000, 1_000_000)]).ShouldBe(600 + 400 + 20);
}
