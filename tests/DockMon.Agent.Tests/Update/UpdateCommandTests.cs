using System.Text.Json.Nodes;
using DockMon.Agent.Update;
using DockMon.Protocol;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Update;

public sealed class UpdateCommandTests
{
    [Theory]
    [InlineData(null, null, 30)]
    [InlineData(null, 5, 30)]
    [InlineData(null, 90, 90)]
    [InlineData(10, null, 10)]
    [InlineData(10, 90, 90)]
    [InlineData(100, 90, 100)]
    [InlineData(-1, null, 0)]
    [InlineData(999_999, null, 3600)]
    public void A_container_has_the_time_it_asks_for_itself_if_that_is_longer(int? asked, int? own, int expected)
    {
        var inspected = new JsonObject { ["Config"] = own is null ? [] : new JsonObject { ["StopTimeout"] = own } };
        UpdateCommand.StopSeconds(new UpdateContainerRequest { StopTimeout = asked }, inspected).ShouldBe(expected);
    }
}
