using DockMon.Agent.Hosting;
using DockMon.Agent.Linux;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Hosting;

public sealed class HostIdentityAddressesTests : IDisposable
{
    private readonly TemporaryFolder _root = new();

    public HostIdentityAddressesTests()
    {
        Tables("proc/self", "172.17.0.5", "000011AC", "0000FFFF");
        Tables("host/proc/1", "192.0.2.5", "000200C0", "00FFFFFF");
    }

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Outside_of_containers_its_own_addresses_are_the_hosts() => Read(null).ShouldBe(["172.17.0.5"]);

    [Fact]
    public void On_the_hosts_network_its_own_addresses_are_the_hosts() => Read(Self("host")).ShouldBe(["172.17.0.5"]);

    [Fact]
    public void On_a_network_of_its_own_the_hosts_are_read_from_the_hosts_first_process() => Read(Self("bridge")).ShouldBe(["192.0.2.5"]);

    [Fact]
    public void On_a_network_of_its_own_without_the_hosts_procfs_none_are_told()
    {
        Directory.Delete(_root.File("host"), recursive: true);

        Read(Self("bridge")).ShouldBeEmpty();
        Read(null, inContainer: true).ShouldBeEmpty();
    }

    private static SelfContainer Self(string network) => new(new string('a', 64), "agent", "image", network);

    private void Tables(string directory, string address, string network, string mask)
    {
        _root.Write(directory + "/net/fib_trie", $"Main:\n  |-- {address}\n     /32 host LOCAL\n");
        _root.Write(directory + "/net/route", $"Iface Destination Gateway Flags RefCnt Use Metric Mask\neth0 {network} 00000000 0001 0 0 0 {mask} 0 0 0\n");
    }

    private IReadOnlyList<string> Read(SelfContainer? self, bool inContainer = false) =>
        HostIdentity.Addresses(new Machine(_root.Path) { InContainer = inContainer }, self);
}
