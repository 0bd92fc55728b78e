using DockMon.Cli.Commands;
using DockMon.Cli.Hub;
using Shouldly;
using Xunit;

namespace DockMon.Cli.Tests.Commands;

public sealed class AgentSetupTests
{
    [Fact]
    public void Only_the_scheme_of_the_address_changes()
    {
        var text = AgentSetup.Describe(new Settings { Hub = "https://http.example" }, new NewToken("1", "abc", 1, "soon"), "agent");
        text.ShouldContain("DOCKMON_URL=wss://http.example ");
        text.ShouldContain("install.sh --url wss://http.example");
    }
}
