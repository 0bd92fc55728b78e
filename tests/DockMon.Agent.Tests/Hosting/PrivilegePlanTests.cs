using DockMon.Agent.Configuration;
using DockMon.Agent.Hosting;
using DockMon.Engine;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Hosting;

public sealed class PrivilegePlanTests
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerAndGroup = Owner | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    [Fact]
    public void The_sockets_group_is_joined() => Groups(Socket(group: 998), given: [0]).ShouldBe([998u]);

    [Fact]
    public void Groups_added_on_purpose_are_kept() => Groups(Socket(group: 998), given: [0, 7, 998]).ShouldBe([7u, 998u], ignoreOrder: true);

    [Fact]
    public void Roots_group_is_joined_only_where_the_socket_is_its() => Groups(Socket(group: 0), given: [0]).ShouldBe([0u]);

    [Fact]
    public void A_socket_that_only_root_may_use_keeps_root() => PrivilegePlan.For(1000, Socket(group: 998, Owner), [0]).ShouldBeNull();

    [Fact]
    public void A_socket_of_the_user_needs_no_group() => Groups(new FileStatus(1000, 998, Owner), given: [0]).ShouldBeEmpty();

    [Fact]
    public void A_socket_for_everyone_needs_no_group() => Groups(Socket(group: 998, OwnerAndGroup | UnixFileMode.OtherWrite), given: [0]).ShouldBeEmpty();

    [Fact]
    public void Without_a_socket_no_group_is_needed() => Groups(null, given: [0]).ShouldBeEmpty();

    [Theory]
    [InlineData(null, 0u)]
    [InlineData("0", 0u)]
    [InlineData("root", 0u)]
    [InlineData("1000", 1000u)]
    public void The_user_is_a_number(string? text, uint user) => Privileges.ParseUser(text).ShouldBe(user);

    [Theory]
    [InlineData("dockmon")]
    [InlineData("1000:998")]
    [InlineData("-1")]
    [InlineData("4294967295")]
    public void Anything_else_is_refused(string text) =>
        Should.Throw<ConfigurationException>(() => Privileges.ParseUser(text)).Message.ShouldStartWith("AGENT_USER is ");

    private static FileStatus Socket(uint group, UnixFileMode mode = OwnerAndGroup) => new(0, group, mode);

    private static uint[] Groups(FileStatus? socket, uint[] given) => PrivilegePlan.For(1000, socket, given)!.Groups;
}
