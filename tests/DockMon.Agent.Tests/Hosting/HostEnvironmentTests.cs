using DockMon.Agent.Configuration;
using DockMon.Agent.Hosting;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Hosting;

public sealed class HostEnvironmentTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();

    public HostEnvironmentTests()
    {
        Tables("proc/self", "172.17.0.5", "000011AC", "0000FFFF");
        Tables("host/1", "192.0.2.5", "000200C0", "00FFFFFF");
    }

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Outside_of_containers_its_own_addresses_are_the_hosts() => Read(null, null).ShouldBe(["172.17.0.5"]);

    [Fact]
    public void On_the_hosts_network_its_own_addresses_are_the_hosts() => Read(Self("host"), null).ShouldBe(["172.17.0.5"]);

    [Fact]
    public void On_a_network_of_its_own_the_hosts_are_read_from_the_hosts_first_process() => Read(Self("bridge"), null).ShouldBe(["192.0.2.5"]);

    [Fact]
    public void On_a_network_of_its_own_without_the_hosts_procfs_none_are_told()
    {
        Directory.Delete(_root.File("host"), recursive: true);

        Read(Self("bridge"), null).ShouldBeEmpty();
        Read(null, null, inContainer: true).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("tcp://engine.example.com:2376", false)]
    [InlineData("tcp://127.0.0.1:2375", true)]
    [InlineData("tcp://localhost:2375", true)]
    [InlineData("unix:///run/user/1000/docker.sock", true)]
    public void The_addresses_of_this_machine_are_not_those_of_an_engine_elsewhere(string dockerHost, bool here) =>
        (Read(null, dockerHost).Count > 0).ShouldBe(here);

    private static SelfContainer Self(string network) => new(new string('a', 64), "agent", "image", network);

    private void Tables(string directory, string address, string network, string mask)
    {
        _root.Write(directory + "/net/fib_trie", $"Main:\n  |-- {address}\n     /32 host LOCAL\n");
        _root.Write(directory + "/net/route", $"Iface Destination Gateway Flags RefCnt Use Metric Mask\neth0 {network} 00000000 0001 0 0 0 {mask} 0 0 0\n");
    }

    private IReadOnlyList<string> Read(SelfContainer? self, string? dockerHost, bool inContainer = false) =>
        new HostEnvironment(_root.File("proc"), _root.File("host"), "os", inContainer)
            .Addresses(new AgentOptions { ServerUrl = new Uri("ws://h"), DockerHost = dockerHost }, self);
}
