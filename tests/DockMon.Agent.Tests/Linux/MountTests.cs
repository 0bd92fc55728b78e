using DockMon.Agent.Linux;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Linux;

public sealed class MountTests
{
    [Fact]
    public void A_line_is_read_whatever_optional_fields_it_has() => Mount.Parse(
        """
        31 23 0:27 / /sys/fs/cgroup rw,nosuid shared:4 master:1 - cgroup2 cgroup2 rw,nsdelegate
        700 612 8:1 /srv/a\040b /data rw - ext4 /dev/sda1 rw
        """).ShouldBe([new Mount("/", "/sys/fs/cgroup", "cgroup2", "rw,nsdelegate"), new Mount("/srv/a b", "/data", "ext4", "rw")]);

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("31 23 0:27 / /sys rw")]
    [InlineData("31 23 0:27 / /sys rw -")]
    [InlineData(@"31 23 0:27 / /sys\000 rw - cgroup2 cgroup2 rw")]
    [InlineData(@"31 23 0:27 /a\000 /sys rw - cgroup2 cgroup2 rw")]
    public void Another_line_is_left_out(string text) => Mount.Parse(text).ShouldBeEmpty();

    [Theory]
    [InlineData(@"/a\040b", "/a b")]
    [InlineData(@"/a\134x2d.scope", @"/a\x2d.scope")]
    [InlineData(@"/a\09", @"/a\09")]
    [InlineData(@"/a\", @"/a\")]
    [InlineData("/a", "/a")]
    public void Octal_digits_stand_for_a_character(string field, string path) => Mount.Unescape(field).ShouldBe(path);
}
