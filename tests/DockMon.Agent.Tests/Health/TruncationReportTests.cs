using DockMon.Agent.Health;
using DockMon.Engine;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Health;

public sealed class TruncationReportTests
{
    [Fact]
    public void What_is_cut_again_and_again_is_counted_each_time_and_logged_at_growing_intervals()
    {
        var log = new LogCapture();
        var cut = new TruncationReport(log.CreateLogger<TruncationReport>());
        for (var i = 0; i < 1000; i++)
        {
            cut.Report(new EngineExcess("GET /containers/json", 17_825_792, "what was too long in it was cut"));
        }

        cut.Count.ShouldBe(1000);
        log.Lines.Length.ShouldBe(10);
        log.Lines[^1].ShouldContain("GET /containers/json has 17825792 bytes: what was too long in it was cut (so far: 512)");
    }
}
