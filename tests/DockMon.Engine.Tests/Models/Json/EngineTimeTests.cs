namespace DockMon.Engine.Tests;

public sealed class EngineTimeTests
{
    [Theory]
    [InlineData("1700000000", "1700000000")]
    [InlineData("1700000000.000000001", "1700000000.000000001")]
    [InlineData("10m", "10m")]
    [InlineData("2026-01-01T00:00:00Z", "1767225600.000000000")]
    [InlineData("2026-01-01T01:00:00.5+01:00", "1767225600.500000000")]
    [InlineData("2026-01-01T00:00:00.123456789Z", "1767225600.123456789")]
    [InlineData("2026-01-01", "1767225600.000000000")]
    [InlineData("no-date", "no-date")]
    public void Dates_become_seconds_and_the_rest_stays(string time, string expected) => EngineTime.ToSeconds(time).ShouldBe(expected);
}
