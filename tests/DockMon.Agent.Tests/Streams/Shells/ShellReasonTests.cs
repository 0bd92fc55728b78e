using System.Text;
using DockMon.Agent.Streams.Shells;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.Shells;

public sealed class ShellReasonTests
{
    [Fact]
    public void What_fits_stays_as_it_is() =>
        ShellReason.Cut("the shell was killed, or its container stopped").ShouldBe("the shell was killed, or its container stopped");

    [Fact]
    public void Of_what_an_engine_says_the_end_is_kept()
    {
        const string Engine = "OCI runtime exec failed: exec failed: container_linux.go:380: starting container process caused: "
            + "exec: \"/bin/sh\": stat /bin/sh: no such file or directory: unknown";
        ShellReason.NotStarted(Engine).ShouldBe("failed to start shell: exec: \"/bin/sh\": stat /bin/sh: no such file or directory: unknown");
    }

    [Theory]
    [InlineData("x", 117)]
    [InlineData("ü", 58)]
    [InlineData("🐳", 29)]
    public void What_has_no_parts_is_cut_between_characters(string character, int left)
    {
        var cut = ShellReason.Cut(string.Concat(Enumerable.Repeat(character, 200)));
        cut.ShouldBe(string.Concat(Enumerable.Repeat(character, left)) + "…");
        Encoding.UTF8.GetByteCount(cut).ShouldBeLessThanOrEqualTo(ShellReason.Bytes);
    }

    [Fact]
    public void However_long_its_last_part_is_it_fits()
    {
        var reason = ShellReason.NotStarted("no: " + new string('x', 500));
        reason.ShouldStartWith("failed to start shell: no: xxx");
        Encoding.UTF8.GetByteCount(reason).ShouldBeLessThanOrEqualTo(ShellReason.Bytes);
    }
}
