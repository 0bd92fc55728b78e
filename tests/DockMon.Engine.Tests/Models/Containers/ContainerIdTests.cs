namespace DockMon.Engine.Tests;

public sealed class ContainerIdTests
{
    private static readonly string Id = "0123456789ab" + new string('c', 52);

    [Theory]
    [InlineData("0123456789abcdef", "0123456789ab")]
    [InlineData("0123456789ab", "0123456789ab")]
    [InlineData("short", "short")]
    [InlineData("sha256:0123456789abcdef", "0123456789ab")]
    [InlineData("sha256:short", "short")]
    [InlineData("", "")]
    public void A_short_id_has_twelve_characters_and_no_algorithm(string id, string expected) => new ContainerId(id).Short.ShouldBe(expected);

    [Fact]
    public void An_id_has_64_hexadecimal_digits()
    {
        ContainerId.IsId(Id).ShouldBeTrue();
        ContainerId.IsId(Id[..63]).ShouldBeFalse();
        ContainerId.IsId(Id + "c").ShouldBeFalse();
        ContainerId.IsId(new string('g', 64)).ShouldBeFalse();
        ContainerId.IsId(new string('C', 64)).ShouldBeFalse();
        ContainerId.IsId(null).ShouldBeFalse();
    }

    [Theory]
    [InlineData("0123456789ab", true)]
    [InlineData("0123456789abc", true)]
    [InlineData("0123456789a", false)]
    [InlineData("0123456789ax", false)]
    [InlineData("0123456789aB", false)]
    [InlineData("web", false)]
    public void A_reference_is_as_long_as_a_short_id_or_longer(string text, bool expected) => ContainerId.IsReference(text).ShouldBe(expected);

    [Fact]
    public void An_id_is_meant_by_itself_and_by_its_beginning()
    {
        var id = new ContainerId(Id);

        id.Matches(Id).ShouldBeTrue();
        id.Matches(id.Short).ShouldBeTrue();
        id.Matches(Id[..13].ToUpperInvariant()).ShouldBeTrue();
        id.Matches(Id[..11]).ShouldBeFalse();
        id.Matches(Id[1..]).ShouldBeFalse();
        id.Matches("").ShouldBeFalse();
        new ContainerId("").Matches(Id).ShouldBeFalse();
    }
}
