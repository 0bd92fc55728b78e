using System.Text.Json;
using CsCheck;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Containers;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Commands.Containers;

public sealed class ContainerLogsTests
{
    [Theory]
    [InlineData("null", null)]
    [InlineData("\"\"", null)]
    [InlineData("1700000000", "1700000000")]
    [InlineData("1700000000.25", "1700000000.25")]
    [InlineData("\"1700000000\"", "1700000000")]
    [InlineData("\"2023-11-14T22:13:20Z\"", "1700000000.000000000")]
    [InlineData("\"2023-11-14T22:13:20.123456789Z\"", "1700000000.123456789")]
    [InlineData("\"2023-11-14T23:13:20.5+01:00\"", "1700000000.500000000")]
    [InlineData("\"2023-11-14T22:13:20\"", "1700000000.000000000")]
    public void Since_is_what_Docker_takes(string json, string? expected) =>
        ContainerLogs.ParseTime(JsonDocument.Parse(json).RootElement, "since").ShouldBe(expected);

    [Theory]
    [InlineData("\"yesterday\"")]
    [InlineData("true")]
    [InlineData("\"-5\"")]
    [InlineData("{}")]
    public void Another_since_is_an_error_that_says_what_is_taken(string json) =>
        Should.Throw<CommandException>(() => ContainerLogs.ParseTime(JsonDocument.Parse(json).RootElement, "since")).Message.ShouldContain("RFC 3339");

    [Fact]
    public void A_tail_buffer_keeps_the_end_and_counts_the_rest() =>
        Gen.Select(Gen.Int[1, 300_000], Gen.Int[0, 400_000].Array[0, 5]).Sample((capacity, sizes) =>
        {
            var buffer = new TailBuffer(capacity);
            var all = new MemoryStream();
            var n = 0;
            foreach (var size in sizes)
            {
                var data = new byte[size];
                for (var i = 0; i < size; i++)
                {
                    data[i] = (byte)(n++ * 7);
                }

                all.Write(data);
                buffer.Append(data);
            }

            var kept = buffer.ToMemory();
            (kept.Length + buffer.Dropped).ShouldBe(all.Length);
            kept.Length.ShouldBeGreaterThanOrEqualTo((int)Math.Min(capacity, all.Length));
            kept.Length.ShouldBeLessThanOrEqualTo(capacity + (64 * 1024));
            kept.Span.SequenceEqual(all.ToArray().AsSpan((int)buffer.Dropped)).ShouldBeTrue();
        }, iter: 100);
}
