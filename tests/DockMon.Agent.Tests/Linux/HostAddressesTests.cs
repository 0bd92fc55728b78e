using DockMon.Agent.Linux;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Linux;

public sealed class HostAddressesTests
{
    // eth0 has the default route, wg0 a network of its own, docker0 and br-… those of containers.
    internal const string Routes =
        """
        Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
        wlan0	00000000	0101A8C0	0003	0	0	600	00000000	0	0	0
        eth0	00000000	010200C0	0003	0	0	100	00000000	0	0	0
        docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
        br-5b3cec983472	000012AC	00000000	0001	0	0	0	0000FFFF	0	0	0
        wg0	0000000A	00000000	0001	0	0	0	000000FF	0	0	0
        eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
        eth0	0000FEA9	00000000	0001	0	0	0	0000FFFF	0	0	0

        """;

    internal const string Addresses =
        """
        Main:
          +-- 0.0.0.0/0 3 0 4
             |-- 0.0.0.0
                /0 universe UNICAST
             |-- 10.0.0.7
                /32 host LOCAL
             +-- 127.0.0.0/8 2 0 2
                |-- 127.0.0.0
                   /8 host LOCAL
                |-- 127.0.0.1
                   /32 host LOCAL
             |-- 169.254.3.4
                /32 host LOCAL
             +-- 172.16.0.0/12 2 1 2
                |-- 172.17.0.0
                   /16 link UNICAST
                |-- 172.17.0.1
                   /32 host LOCAL
                |-- 172.18.0.1
                   /32 host LOCAL
             +-- 192.0.2.0/24 2 0 2
                |-- 192.0.2.0
                   /24 link UNICAST
                |-- 192.0.2.5
                   /32 host LOCAL
                |-- 192.0.2.255
                   /32 link BROADCAST
        Local:
             |-- 192.0.2.5
                /32 host LOCAL

        """;

    [Fact]
    public void The_default_routes_address_comes_first_and_containers_networks_not_at_all() =>
        HostAddresses.Select(Addresses, Routes).ShouldBe(["192.0.2.5", "10.0.0.7"]);

    [Fact]
    public void An_address_with_no_network_of_its_own_belongs_to_the_default_route() =>
        HostAddresses.Select("     |-- 203.0.113.9\n        /32 host LOCAL\n", Routes).ShouldBe(["203.0.113.9"]);

    [Fact]
    public void No_more_are_told_than_a_server_takes()
    {
        var many = string.Concat(Enumerable.Range(1, 200).Select(i => $"  |-- 192.0.2.{i}\n     /32 host LOCAL\n"));

        HostAddresses.Select(many, Routes).Count.ShouldBe(50);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("|-- nonsense\n/32 host LOCAL", "a b c\nx y z")]
    public void Tables_that_say_nothing_give_nothing(string fibTrie, string route) => HostAddresses.Select(fibTrie, route).ShouldBeEmpty();

    [Fact]
    public void Tables_that_are_not_there_give_nothing() => HostAddresses.Read("/proc/self/none").ShouldBeEmpty();

    [Theory]
    [InlineData("eth0", false)]
    [InlineData("enp3s0", false)]
    [InlineData("br0", false)]
    [InlineData("bond0", false)]
    [InlineData("docker_gwbridge", true)]
    [InlineData("br-5b3cec983472", true)]
    [InlineData("veth12ab", true)]
    [InlineData("flannel.1", true)]
    [InlineData("podman1", true)]
    public void Container_networks_are_known_by_their_interfaces_names(string name, bool isContainers) =>
        HostAddresses.IsContainerInterface(name).ShouldBe(isContainers);
}
