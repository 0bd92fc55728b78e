using DockMon.Agent.Hosting;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Hosting;

public sealed class AgentVersionTests
{
    [Fact]
    public void Is_a_version_a_server_can_order() => AgentVersion.Current.ShouldMatch(@"^[0-9]+\.[0-9]+\.[0-9]+(-[a-z]+[0-9.]*)?$");
}
