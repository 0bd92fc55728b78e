using DockMon.Agent.Hosting;
using DockMon.Agent.Linux;
using DockMon.Engine;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Hosting;

/// <summary>Whether the machine that the agent sees is the engine's host.</summary>
public sealed class HostLocatorTests : IDisposable
{
    private readonly TemporaryFolder _root = new();

    public HostLocatorTests()
    {
        _root.Write("proc/sys/kernel/osrelease", "6.1.0-9-amd64\n");
        _root.Write("proc/meminfo", "MemTotal:        8000000 kB\nMemFree: 1 kB\n");
    }

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData(null, true)]
    [InlineData("unix:///run/user/1000/docker.sock", true)]
    [InlineData("tcp://127.0.0.1:2375", true)]
    [InlineData("tcp://[::1]:2375", true)]
    [InlineData("localhost:2375", true)]
    [InlineData("tcp://engine.example.com:2376", false)]
    [InlineData("tcp://192.0.2.1:2375", false)]
    public void An_engine_at_another_address_is_on_another_machine(string? dockerHost, bool here) =>
        (Why(dockerHost) is null).ShouldBe(here);

    [Theory]
    [InlineData("kernel", "6.8.0", 8_000_000L, "server1")]
    [InlineData("memory", "6.1.0-9-amd64", 4_000_000L, "server1")]
    [InlineData("name", "6.1.0-9-amd64", 8_000_000L, "0123456789ab")]
    public void An_engine_behind_a_local_address_whose_host_is_another_is_told_by_what_it_says_of_it(string what, string kernel, long kilobytes, string name)
    {
        Why("tcp://127.0.0.1:2375", Info(kernel, kilobytes, name)).ShouldNotBeNull().ShouldContain($"the engine's host has {what}");
        Why(null, Info(kernel, kilobytes, name)).ShouldNotBeNull();
    }

    [Fact]
    public void What_an_engine_does_not_say_proves_nothing() => Why(null, new EngineInfo()).ShouldBeNull();

    [Fact]
    public void A_name_with_its_domain_is_the_same_name() => Why(null, Info(name: "SERVER1.example.com")).ShouldBeNull();

    [Fact]
    public void In_a_container_that_the_engine_does_not_know_nothing_is_the_hosts_for_sure()
    {
        Why(null, inContainer: true).ShouldNotBeNull();
        Why("tcp://127.0.0.1:2375", inContainer: true).ShouldNotBeNull();
    }

    [Fact]
    public void An_engine_that_knows_the_agents_container_is_here_however_it_is_reached()
    {
        var self = new SelfContainer(new string('a', 64), "agent", "image", "bridge");
        Why("tcp://socket-proxy:2375", Info(name: "0123456789ab"), inContainer: true, self).ShouldBeNull();
    }

    private static EngineInfo Info(string kernel = "6.1.0-9-amd64", long kilobytes = 8_000_000, string name = "server1") =>
        new() { KernelVersion = kernel, MemTotal = kilobytes * 1024, Name = name };

    private string? Why(string? dockerHost, EngineInfo? info = null, bool inContainer = false, SelfContainer? self = null) => HostLocator.WhyElsewhere(
        info ?? Info(),
        EngineEndpoint.FromEnvironment(dockerHost, null, null),
        self,
        new Machine(_root.Path) { Hostname = "server1", InContainer = inContainer });
}
