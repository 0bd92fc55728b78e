using DockMon.Agent.Configuration;
using DockMon.Agent.Hosting;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Reading;
using DockMon.Protocol;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Hosting;

/// <summary>A server is not told of what the policy refuses, so that its users are not offered it.</summary>
public sealed class CapabilitiesTests
{
    private static readonly string[] Changing =
        [Capabilities.ComposeDeployments, Capabilities.ContainerUpdates, Capabilities.SelfUpdate, Capabilities.ShellAccess];

    [Fact]
    public void Without_a_policy_everything_is_announced() => Off(HostPolicy.Unrestricted).ShouldBeEmpty();

    [Theory]
    [InlineData("mode: full", new string[0])]
    [InlineData("mode: full\ndeny: [shell]", new[] { Capabilities.ShellAccess })]
    [InlineData("mode: full\ndeny: [events, stats]", new[] { Capabilities.EventStreaming, Capabilities.StatsCollection, ExtensionNames.StatsBackfill })]
    [InlineData("mode: operate", new[] { Capabilities.ComposeDeployments, Capabilities.SelfUpdate, Capabilities.ShellAccess })]
    [InlineData("mode: operate\nallow: [compose]", new[] { Capabilities.SelfUpdate, Capabilities.ShellAccess })]
    [InlineData("mode: full\nenforce: false\ndeny: [shell, events]", new string[0])]
    public void What_the_policy_refuses_everywhere_is_not(string text, string[] off) => Off(Read(text)).ShouldBe(off, ignoreOrder: true);

    [Fact]
    public void What_is_allowed_on_some_containers_is_announced() =>
        Off(Read("mode: observe\ncontainers: [{ match: { name: web }, allow: [shell, update] }]"))
            .ShouldBe(Changing.Except([Capabilities.ShellAccess, Capabilities.ContainerUpdates]), ignoreOrder: true);

    [Fact]
    public void A_policy_that_cannot_be_used_leaves_observing() =>
        Off(HostPolicy.Unusable("policy.yaml", ["it is wrong"], Read("mode: full"))).ShouldBe(Changing, ignoreOrder: true);

    private static string[] Off(HostPolicy policy) =>
    [
        .. HostRegistration.CapabilitiesOf(new AgentOptions { ServerUrl = new Uri("wss://host") }, policy, isContainer: true, hasCompose: true)
            .Where(capability => !capability.Value).Select(capability => capability.Key),
    ];

    private static HostPolicy Read(string text) => PolicyReader.Read(text, "test").Policy.ShouldNotBeNull();
}
