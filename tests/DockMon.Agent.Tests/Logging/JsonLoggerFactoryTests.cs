using System.Text.Json;
using DockMon.Agent.Logging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Logging;

public sealed class JsonLoggerFactoryTests
{
    [Fact]
    public void Lines_of_many_threads_do_not_mix()
    {
        var log = new FormattedLog(json: true);

        Parallel.For(0, 2_000, i => log.Logger.LogInformation("{Number} {Padding}", i, new string('x', i % 100)));

        log.Lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("number").GetInt32()).Order().ShouldBe(Enumerable.Range(0, 2_000));
    }

    [Fact]
    public void Each_line_is_one_write_and_a_flush()
    {
        var output = new CountingWriter();
        var factory = new JsonLoggerFactory(output, LogLevel.Debug, json: true, new FakeTimeProvider());

        factory.CreateLogger("x").LogInformation("{Text}", new string('x', 5_000));

        (output.Writes, output.Flushes).ShouldBe((1, 1));
    }

    [Theory]
    [InlineData('\u202e')]
    [InlineData('\u2066')]
    [InlineData('\u200b')]
    [InlineData('\u0085')]
    [InlineData('\u2028')]
    [InlineData('\u001b')]
    public void What_turns_the_direction_of_writing_or_moves_the_cursor_is_escaped_in_JSON_as_in_text(char c)
    {
        var log = new FormattedLog(json: true);
        log.Logger.LogInformation("{Name} ü", $"a{c}b");
        log.Text.ShouldNotContain(c);
        log.Text.ShouldContain(" ü");
        log.Json.GetProperty("name").GetString().ShouldBe($"a{c}b");
        log.Lines.Length.ShouldBe(1);
    }

    [Fact]
    public void A_closed_output_is_no_reason_to_fail()
    {
        var output = new StringWriter();
        output.Dispose();
        var factory = new JsonLoggerFactory(output, LogLevel.Debug, json: false, new FakeTimeProvider());

        factory.CreateLogger("x").LogInformation("text");
    }

    private sealed class CountingWriter : StringWriter
    {
        public int Writes { get; private set; }

        public int Flushes { get; private set; }

        public override void Write(char[] buffer, int index, int count) => Writes++;

        public override void Write(char value) => Writes++;

        public override void Flush() => Flushes++;
    }
}
