using DockMon.Agent.Configuration;
using DockMon.Agent.Hosting;
using DockMon.Agent.Policies;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Hosting;

public sealed class HostRegistrationTests
{
    [Theory]
    [InlineData("", true, true)]
    [InlineData("any", true, true)]
    [InlineData("off", true, false)]
    [InlineData("signed", true, false)] // This build has no key: it could accept none.
    [InlineData("any", false, false)]
    public void Self_updates_are_announced_only_where_one_may_be_accepted(string mode, bool isContainer, bool announced)
    {
        var options = AgentOptions.Load(name => name switch { "DOCKMON_URL" => "wss://h", "SELF_UPDATE" => mode, _ => null }).Options;
        HostRegistration.CapabilitiesOf(options, HostPolicy.Unrestricted, isContainer, hasCompose: false)["self_update"].ShouldBe(announced);
    }
}
