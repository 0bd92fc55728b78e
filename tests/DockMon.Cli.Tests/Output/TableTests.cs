using DockMon.Cli.Output;
using Shouldly;
using Xunit;

namespace DockMon.Cli.Tests.Output;

public sealed class TableTests
{
    [Fact]
    public async Task Columns_stand_under_each_other()
    {
        (await WriteAsync(null, ["web", "running", ""], ["a-long-name", "x", "y"]))
            .ShouldBe("NAME         STATE    PORTS\nweb          running\na-long-name  x        y\n");
    }

    [Fact]
    public async Task On_a_terminal_every_row_fits_on_a_line()
    {
        var text = await WriteAsync(40, [new string('n', 100), "running", new string('é', 50)], ["日本語日本語日本語日本語日本語", "x", "y"]);
        text.Split('\n').ShouldAllBe(line => Text.Width(line) <= 40);
        text.ShouldContain('…');
        text.ShouldContain("running");
    }

    [Theory]
    [InlineData("\u001b[2J", "\\u001b[2J")]
    [InlineData("a\nb\rc\td", "a\\u000ab\\u000dc\\u0009d")]
    [InlineData("\u202Eevil", "\\u202eevil")]
    [InlineData("\u009b31m", "\\u009b31m")]
    public async Task What_others_wrote_is_harmless(string hostile, string shown)
    {
        var text = await WriteAsync(null, [hostile, "", ""]);
        text.ShouldContain(shown);
        text.ShouldNotContain(hostile);
    }

    [Fact]
    public void A_line_of_a_log_keeps_its_tabs_and_nothing_else() => Text.SafeLine("a\tb\u001b[31mc").ShouldBe("a\tb\\u001b[31mc");

    private static async Task<string> WriteAsync(int? width, params string[][] rows)
    {
        var table = new Table("NAME", "STATE", "PORTS");
        foreach (var row in rows)
        {
            table.Add(row);
        }

        await using var output = new StringWriter { NewLine = "\n" };
        await table.WriteAsync(new CliConsole(output, TextWriter.Null, TextReader.Null, _ => null, width));
        return output.ToString();
    }
}
