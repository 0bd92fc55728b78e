using DockMon.Agent.Hosting;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Hosting;

public sealed class HostIdentityTests
{
    [Theory]
    [InlineData("named", "daemon", "os", "named", "agent_name")]
    [InlineData(null, "daemon", "os", "daemon", "daemon")]
    [InlineData(null, "", "os", "os", "os")]
    [InlineData(null, null, " ", "ABCD:EFGH:IJ", "engine_id")]
    public void The_first_name_that_is_there_is_the_hosts(string? configured, string? daemon, string? os, string name, string source) =>
        HostIdentity.ChooseName(configured, daemon, os, "ABCD:EFGH:IJKL").ShouldBe((name, source));

    [Theory]
    [InlineData("eth0", false)]
    [InlineData("enp3s0", false)]
    [InlineData("wlan0", false)]
    [InlineData("br0", false)]
    [InlineData("docker0", true)]
    [InlineData("br-5b3cec983472", true)]
    [InlineData("veth12ab", true)]
    [InlineData("virbr0", true)]
    [InlineData("cni0", true)]
    [InlineData("flannel.1", true)]
    [InlineData("podman1", true)]
    public void Container_networks_are_known_by_their_interfaces_names(string name, bool isVirtual) => HostAddresses.IsVirtual(name).ShouldBe(isVirtual);
}
