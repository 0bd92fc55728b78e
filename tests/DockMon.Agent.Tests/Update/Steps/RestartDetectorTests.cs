using DockMon.Agent.Update.Steps;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Update.Steps;

public sealed class RestartDetectorTests
{
    [Theory]
    [InlineData("boot", "start", null)]
    [InlineData("other", "start", "the machine was restarted")]
    [InlineData("other", "other", "the machine was restarted")]
    [InlineData("boot", "other", "the engine was restarted")]
    [InlineData(null, "start", null)]
    [InlineData("boot", null, null)]
    public void A_restart_shows_by_what_both_runs_are_known_by(string? boot, string? engine, string? restarted) =>
        new RunOfHost(boot, engine).RestartedSince(new RunOfHost("boot", "start")).ShouldBe(restarted);

    [Fact]
    public void Without_an_earlier_run_no_restart_shows() => new RunOfHost("boot", "start").RestartedSince(null).ShouldBeNull();
}
