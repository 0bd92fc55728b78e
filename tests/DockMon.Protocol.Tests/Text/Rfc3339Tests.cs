using CsCheck;
using Shouldly;
using Xunit;

namespace DockMon.Protocol.Tests;

public sealed class Rfc3339Tests
{
    private static readonly DateTimeOffset Moment = new DateTimeOffset(2026, 11, 23, 9, 24, 59, TimeSpan.FromHours(1)).AddTicks(1_234_567);

    [Fact]
    public void Times_are_written_in_UTC() => Rfc3339.Format(Moment).ShouldBe("2026-11-23T08:24:59.1234567Z");

    [Fact]
    public void Times_to_the_second_have_no_fraction() => Rfc3339.FormatSeconds(Moment).ShouldBe("2026-11-23T08:24:59Z");

    [Theory]
    [InlineData(0, "1970-01-01T00:00:00.000000000Z")]
    [InlineData(-1, "1969-12-31T23:59:59.999999999Z")]
    [InlineData(1_795_422_290_758_354_461, "2026-11-23T08:24:50.758354461Z")]
    public void Nanoseconds_keep_all_nine_digits(long nanoseconds, string text) => Rfc3339.FormatUnixNanoseconds(nanoseconds).ShouldBe(text);

    [Theory]
    [InlineData("2026-11-23T08:24:59Z", 0)]
    [InlineData("2026-11-23T08:24:59.1Z", 1_000_000)]
    [InlineData("2026-11-23T08:24:59.1234567Z", 1_234_567)]
    [InlineData("2026-11-23T08:24:59.123456789Z", 1_234_567)]
    [InlineData("2026-11-23T10:24:59.123456789+02:00", 1_234_567)]
    [InlineData("2026-11-23T08:24:59", 0)]
    public void Times_are_read_to_100_ns(string text, long ticks)
    {
        Rfc3339.TryParse(text, out var time).ShouldBeTrue();

        time.ShouldBe(new DateTimeOffset(2026, 11, 23, 8, 24, 59, TimeSpan.Zero).AddTicks(ticks));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("1795422230")]
    [InlineData("1795422230.5")]
    [InlineData("1.5")]
    [InlineData("10:30")]
    [InlineData("11/23/2026 08:24:59")]
    [InlineData("2026-11-23")]
    [InlineData("2026-13-23T08:24:59Z")]
    [InlineData("2026-11-23T08:24:59.Z.")]
    public void What_is_no_such_time_is_not_read(string? text) => Rfc3339.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void Any_time_written_is_read_again() =>
        Gen.DateTimeOffset.Sample(time =>
        {
            Rfc3339.TryParse(Rfc3339.Format(time), out var read).ShouldBeTrue();
            read.UtcTicks.ShouldBe(time.UtcTicks);
        });

    [Fact]
    public void Any_nanoseconds_written_are_read_again_to_100_ns() =>
        Gen.Long.Sample(nanoseconds =>
        {
            Rfc3339.TryParse(Rfc3339.FormatUnixNanoseconds(nanoseconds), out var read).ShouldBeTrue();
            (read - DateTimeOffset.UnixEpoch).Ticks.ShouldBe((long)Math.Floor(nanoseconds / 100m));
        });

    [Fact]
    public void Any_text_at_all_is_read_or_not_read() => Gen.String.Sample(text => Rfc3339.TryParse(text, out var time) || time == default);
}
