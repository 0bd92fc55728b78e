using CsCheck;
using DockMon.Agent.Configuration;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Configuration;

public sealed class DurationTests
{
    [Theory]
    [InlineData("1s", 1_000)]
    [InlineData("500ms", 500)]
    [InlineData("2m", 120_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("1m30s", 90_000)]
    [InlineData("1h1m1s1ms", 3_661_001)]
    [InlineData("1.5s", 1_500)]
    [InlineData("0s", 0)]
    public void Reads_what_people_write(string text, int milliseconds)
    {
        Duration.TryParse(text, out var duration).ShouldBeTrue();
        duration.ShouldBe(TimeSpan.FromMilliseconds(milliseconds));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("1 s")]
    [InlineData("1s ")]
    [InlineData("1d")]
    [InlineData("1S")]
    [InlineData("1s1m")]
    [InlineData("1s1s")]
    [InlineData("1.2.3s")]
    [InlineData(".s")]
    [InlineData("1m30")]
    [InlineData("999999999999h")]
    [InlineData("9999999999999999999999999999999999999999s")]
    public void Refuses_what_could_mean_anything(string? text) => Duration.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void Reads_back_what_it_writes() => Gen.Int[0, int.MaxValue].Sample(milliseconds =>
    {
        var duration = TimeSpan.FromMilliseconds(milliseconds);
        return Duration.TryParse(Duration.Format(duration), out var read) && read == duration;
    });

    [Fact]
    public void Never_throws() => Gen.String[Gen.Char["0123456789.msh- "], 0, 20].Sample(text => Duration.TryParse(text, out _) || text.Length >= 0);
}
