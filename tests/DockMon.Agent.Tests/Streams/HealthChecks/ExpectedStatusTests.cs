using DockMon.Agent.Streams.HealthChecks;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.HealthChecks;

public sealed class ExpectedStatusTests
{
    [Theory]
    [InlineData(null, 200, 201)]
    [InlineData("", 200, 404)]
    [InlineData("  ", 200, 199)]
    [InlineData("204", 204, 200)]
    [InlineData("200,204,300-399", 399, 400)]
    [InlineData("200,204,300-399", 300, 299)]
    [InlineData(" 200 , 204 , 300 - 399 ,", 204, 203)]
    [InlineData("503-503", 503, 502)]
    [InlineData("100-599", 599, 600)]
    public void An_expected_status_includes_what_it_names_and_nothing_else(string? text, int expected, int unexpected)
    {
        var status = ExpectedStatus.Parse(text);
        status.Includes(expected).ShouldBeTrue();
        status.Includes(unexpected).ShouldBeFalse();
    }

    [Theory]
    [InlineData("ok")]
    [InlineData("2xx")]
    [InlineData("99")]
    [InlineData("600")]
    [InlineData("-200")]
    [InlineData("200-")]
    [InlineData("200-300-400")]
    [InlineData("399-300")]
    [InlineData("200;204")]
    [InlineData("200,٢٠٤")]
    [InlineData("99999999999999999999")]
    [InlineData(",")]
    public void Anything_else_is_refused_by_name(string text) =>
        Should.Throw<FormatException>(() => ExpectedStatus.Parse(text)).Message.ShouldStartWith("expected_status_codes");
}
