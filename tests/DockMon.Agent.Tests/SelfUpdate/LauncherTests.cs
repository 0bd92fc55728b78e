using DockMon.Agent.Hosting;
using DockMon.Agent.SelfUpdate;
using DockMon.Agent.SelfUpdate.Programs;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.SelfUpdate;

/// <summary>Which program runs after a start.</summary>
public sealed class LauncherTests
{
    private const string Boot = "this start of the machine";
    private static readonly InstalledProgram Newer = new("3.1.0", "/data/bin/3.1.0/dockmon-agent", "ab", BaseVersion: "3.0.0");
    private static readonly InstalledProgram Older = new("2.9.0", "/data/bin/2.9.0/dockmon-agent", "cd", BaseVersion: "3.0.0");

    [Fact]
    public void Without_a_state_the_base_runs() => Decide(new()).ShouldBe((new SelfUpdateState(), null));

    [Fact]
    public void A_confirmed_program_runs_even_an_older_one_that_was_forced()
    {
        Decide(new() { Confirmed = Newer }).Program.ShouldBe(Newer);
        Decide(new() { Confirmed = Older }).Program.ShouldBe(Older);
    }

    [Fact]
    public void A_confirmed_program_that_is_damaged_or_gone_is_forgotten()
    {
        var (state, program) = Decide(new() { Confirmed = Newer }, intact: false);
        program.ShouldBeNull();
        state.Confirmed.ShouldBeNull();
    }

    [Theory]
    [InlineData("3.1.0", false)]
    [InlineData("3.2.0", false)]
    [InlineData("3.0.5", true)]
    public void Another_base_program_decides_unless_it_is_the_older_one(string newBase, bool confirmedRuns)
    {
        var (state, program) = Decide(new() { Confirmed = Newer }, newBase);
        (program == Newer).ShouldBe(confirmedRuns);
        (state.Confirmed is not null).ShouldBe(confirmedRuns);
    }

    [Fact]
    public void A_trial_that_is_still_written_there_has_failed_and_the_one_before_runs()
    {
        var trial = new Trial(new("9.0.0", "/data/bin/9/dockmon-agent", "ef", "3.0.0"), FromVersion: "3.1.0", DateTimeOffset.UnixEpoch);
        var (state, program) = Decide(new() { Confirmed = Newer, Trial = trial });
        program.ShouldBe(Newer);
        state.Trial.ShouldBeNull();
        state.Failure.ShouldBe("version 9.0.0 ended before it had proven itself; version 3.1.0 is back");
    }

    [Theory]
    [InlineData("another one", "had not proven itself yet when the machine was restarted")]
    [InlineData(Boot, "ended before it had proven itself")]
    [InlineData(null, "ended before it had proven itself")]
    public void A_program_is_not_blamed_for_a_machine_that_was_restarted(string? boot, string words)
    {
        var trial = new Trial(new("9.0.0", "/data/bin/9/dockmon-agent", "ef", "3.0.0"), FromVersion: "3.0.0", DateTimeOffset.UnixEpoch, boot);
        Decide(new() { Trial = trial }).State.Failure.ShouldBe($"version 9.0.0 {words}; version 3.0.0 is back");
    }

    [Theory]
    [InlineData("3.0.0", "3.0.0", 0)]
    [InlineData("3.0.1", "3.0.0", 1)]
    [InlineData("3.0.10", "3.0.9", 1)]
    [InlineData("3.0.0", "3.0.0-rc.1", 1)]
    [InlineData("3.0.0-dev", "3.0.0", -1)]
    [InlineData("3.0", "3.0.0", 0)]
    [InlineData("2.4.5", "3.0.0", -1)]
    [InlineData("3.0.0-rc.2", "3.0.0-rc.1", 1)]
    [InlineData("3.0.0-rc.10", "3.0.0-rc.9", 1)]
    public void Versions_are_ordered_by_their_numbers(string a, string b, int order)
    {
        Math.Sign(AgentVersion.Compare(a, b)).ShouldBe(order);
        Math.Sign(AgentVersion.Compare(b, a)).ShouldBe(-order);
    }

    [Theory]
    [InlineData("ghcr.io/other/dockmon-agent:2.4.6", null, "ghcr.io/other/dockmon-agent:2.4.6")]
    [InlineData("ghcr.io/other/dockmon-agent:2.4.6", "localhost:5000/mine", "localhost:5000/mine:2.4.6")]
    [InlineData("ghcr.io/other/dockmon-agent", "mine", "mine:latest")]
    [InlineData("ghcr.io/other/dockmon-agent@sha256:00", "mine", "mine@sha256:00")]
    public void The_image_is_the_servers_or_the_one_of_the_repository_given_with_the_servers_tag(string asked, string? repository, string taken) =>
        ProgramSource.ImageToTake(asked, repository).ShouldBe(taken);

    private static (SelfUpdateState State, InstalledProgram? Program) Decide(SelfUpdateState state, string baseVersion = "3.0.0", bool intact = true) =>
        Launcher.Decide(state, baseVersion, Boot, _ => intact);
}
