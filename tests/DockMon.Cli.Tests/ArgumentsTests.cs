using Shouldly;
using Xunit;

namespace DockMon.Cli.Tests;

public sealed class ArgumentsTests
{
    [Fact]
    public void Options_switches_and_words_are_found_in_any_order()
    {
        var arguments = new Arguments(["web", "--host=a", "-f", "db", "--host", "b", "--", "-x"]);
        arguments.Options("--host").ShouldBe(["a", "b"]);
        arguments.Switch("-f", "--follow").ShouldBeTrue();
        arguments.Switch("-f", "--follow").ShouldBeFalse();
        arguments.Words("the container").ShouldBe(["web", "db", "-x"]);
        Should.NotThrow(arguments.Done);
    }

    [Theory]
    [InlineData("there is no option --hots", "--hots", "x")]
    [InlineData("--host needs a value", "--host")]
    [InlineData("--host needs a value", "--host", "--", "x")]
    [InlineData("\"b\" is too much", "a", "b")]
    [InlineData("the container is missing")]
    public void What_makes_no_sense_is_refused(string message, params string[] args)
    {
        var arguments = new Arguments(args);
        Should.Throw<CliException>(() =>
        {
            arguments.Option("--host");
            arguments.Word("the container");
            arguments.Done();
        }).ShouldSatisfyAllConditions(e => e.Message.ShouldContain(message), e => e.ExitCode.ShouldBe(ExitCodes.Usage));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("11")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("many")]
    public void A_number_is_a_whole_one_within_its_limits(string text) =>
        Should.Throw<CliException>(() => new Arguments(["--uses", text]).Number("--uses", 1, 10)).Message.ShouldContain("from 1 to 10");
}
