using System.Text;
using System.Text.Json;
using DockMon.Agent.Connection;
using DockMon.Agent.Streams.HostMetrics;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.HostMetrics;

public sealed class HostSamplerTests : IDisposable
{
    private readonly TemporaryFolder _root = new();
    private readonly FakeTimeProvider _time = new();
    private Outbound? _outbound;
    private HostSampler? _sampler;

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
    public async Task It_samples_until_it_is_told_to_stop()
    {
        Write("proc", "cpu  0 0 0 0", received: 0);
        Start(inContainer: false);
        using var stop = new CancellationTokenSource();
        var running = _sampler!.RunAsync(stop.Token);
        await Retry.UntilAsync(
            "a sample is sent",
            () =>
            {
                _time.Advance(HostSampler.Period);
                return _outbound!.TryTake() is not null;
            },
            ct: TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await running;
    }

    public void Dispose() => _root.Dispose();

    private void Start(bool inContainer)
    {
        _outbound = new Outbound(new Outbox(Path.Combine(_root.Path, "data")), _time, NullLogger<Outbound>.Instance);
        _sampler = new HostSampler(() => inContainer, () => true, _outbound, _time, NullLogger<HostSampler>.Instance, _root.Path);
    }

    private void Tick()
    {
        _time.Advance(HostSampler.Period);
        _sampler!.Tick();
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
}
