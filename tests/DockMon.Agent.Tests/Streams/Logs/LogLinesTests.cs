using System.Text;
using CsCheck;
using DockMon.Agent.Streams.Logs;
using DockMon.Engine;
using DockMon.Protocol;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.Logs;

public sealed class LogLinesTests
{
    private const string Time = "2026-11-23T12:00:00.000000001Z";
    private const string Later = "2026-11-23T12:00:00.000000002Z";

    private readonly LogLines _lines = new();

    [Fact]
    public void Each_line_has_its_time_its_stream_and_its_text()
    {
        Add(LogSource.Output, $"{Time} hello\n").ShouldBe([new(Time, "stdout", "hello")]);
        Add(LogSource.Error, $"{Later} no\n").ShouldBe([new(Later, "stderr", "no")]);
        Add(LogSource.Output, $"{Later} \n").ShouldBe([new(Later, "stdout", "")]);
        Add(LogSource.Output, $"{Time} one\n{Later} two\n").ShouldBe([new(Time, "stdout", "one"), new(Later, "stdout", "two")]);
    }

    [Fact]
    public void A_line_that_Docker_has_divided_is_one_again_and_is_cut_where_it_is_too_long()
    {
        var half = new string('x', 16 * 1024);
        Add(LogSource.Output, $"{Time} {half}").ShouldBeEmpty();
        Add(LogSource.Error, $"{Time} between\n").ShouldBe([new(Time, "stderr", "between")]);
        Add(LogSource.Output, $"{Time} yy\n").Single().Text.ShouldBe($"{half}… (cut, {half.Length + 2} bytes)");
        Add(LogSource.Output, $"{Later} next\n").ShouldBe([new(Later, "stdout", "next")]);

        Add(LogSource.Output, $"{Time} {half[..^1]}\n").Single().Text.ShouldBe(half[..^1]);
        Add(LogSource.Output, $"{Time} {half}").ShouldBeEmpty();
        Add(LogSource.Output, $"{Time} \n").Single().Text.ShouldBe(half, "a line of exactly the limit is whole");
    }

    [Fact]
    public void A_cut_leaves_no_half_of_a_character()
    {
        var text = "a" + new string('é', 16 * 1024);
        var line = Add(LogSource.Output, $"{Time} {text}\n").Single().Text;
        line.ShouldEndWith($"… (cut, {1 + (2 * 16 * 1024)} bytes)");
        line.ShouldNotContain('\uFFFD');
        line.ShouldStartWith("aé");
    }

    [Fact]
    public void A_line_without_an_end_is_told_when_the_program_ends_in_the_middle_of_it()
    {
        Add(LogSource.Output, $"{Time} half").ShouldBe([new(Time, "stdout", "half")]);
        Add(LogSource.Output, $"{Later} after a restart\n").ShouldBe([new(Later, "stdout", "after a restart")]);
    }

    [Fact]
    public void What_a_terminal_shows_may_come_in_any_pieces()
    {
        var bytes = Encoding.UTF8.GetBytes($"{Time} größer\r\n{Later} \u001b[1mtwo\u001b[0m\r\n{Later} $ ");
        Gen.Int[0, bytes.Length].Array[0, 6].Sample(cuts =>
        {
            var (lines, found, from) = (new LogLines(), new List<LogLine>(), 0);
            foreach (var to in cuts.Order().Append(bytes.Length))
            {
                lines.Add(new LogPiece(LogSource.Terminal, bytes.AsMemory(from, to - from)), found);
                from = to;
            }

            found.ShouldBe([new(Time, "stdout", "größer"), new(Later, "stdout", "\u001b[1mtwo\u001b[0m")]);
            lines.TakeRest().ShouldBe([new(Later, "stdout", "$ ")]);
            lines.TakeRest().ShouldBeEmpty();
        });
    }

    [Fact]
    public void Bytes_that_are_no_text_do_no_harm()
    {
        List<LogLine> found = [];
        _lines.Add(new LogPiece(LogSource.Output, (byte[])[.. Encoding.UTF8.GetBytes($"{Time} a"), 0xFF, 0, 0xC3, (byte)'\n']), found);
        found.ShouldBe([new(Time, "stdout", "a\uFFFD\0\uFFFD")]);
        Add(LogSource.Output, "no time\n").ShouldBe([new(Time, "stdout", "no time")]);
    }

    private List<LogLine> Add(LogSource source, string text)
    {
        List<LogLine> found = [];
        _lines.Add(new LogPiece(source, Encoding.UTF8.GetBytes(text)), found);
        return found;
    }
}
