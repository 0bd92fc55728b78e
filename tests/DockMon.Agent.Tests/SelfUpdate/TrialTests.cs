using DockMon.Agent.SelfUpdate;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.SelfUpdate;

/// <summary>How long a new program may take to prove itself.</summary>
public sealed class TrialTests
{
    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    public void A_trial_is_late_after_its_time_whatever_is_done_to_the_clock_meanwhile(int days)
    {
        var clock = new Clock();
        var late = new Trial(new("9.0.0", "/data/bin/9/dockmon-agent", "ef", "3.0.0"), "3.1.0", clock.GetUtcNow().AddSeconds(120)).Watch(clock);
        late().ShouldBe(TimeSpan.FromSeconds(-120));
        clock.SetForward = TimeSpan.FromDays(days);
        clock.Passed = TimeSpan.FromSeconds(119);
        late().ShouldBe(TimeSpan.FromSeconds(-1));
        clock.Passed = TimeSpan.FromSeconds(121);
        late().ShouldBe(TimeSpan.FromSeconds(1));
    }

    /// <summary>A clock that can be set, which the one for tests of .NET cannot without time passing.</summary>
    private sealed class Clock : TimeProvider
    {
        public TimeSpan Passed { get; set; }

        public TimeSpan SetForward { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Passed.Ticks;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + Passed + SetForward;
    }
}
