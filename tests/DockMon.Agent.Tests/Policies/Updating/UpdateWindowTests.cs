using System.Globalization;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Reading;
using DockMon.Agent.Policies.Updating;
using DockMon.Protocol;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies.Updating;

public sealed class UpdateWindowTests
{
    // 2026-11-30 is a Monday.
    [Theory]
    [InlineData("02:00-05:00", "2026-11-30 01:59", "2026-11-30 02:00")]
    [InlineData("02:00-05:00", "2026-11-30 02:00", null)]
    [InlineData("02:00-05:00", "2026-11-30 04:59", null)]
    [InlineData("02:00-05:00", "2026-11-30 05:00", "2026-12-01 02:00")]
    [InlineData("23:30-04:00", "2026-11-30 23:30", null)]
    [InlineData("23:30-04:00", "2026-12-01 03:59", null)]
    [InlineData("23:30-04:00", "2026-12-01 04:00", "2026-12-01 23:30")]
    [InlineData("Mon 23:30-04:00", "2026-12-01 03:00", null)]
    [InlineData("Mon 23:30-04:00", "2026-11-30 03:00", "2026-11-30 23:30")]
    [InlineData("Mon 23:30-04:00", "2026-12-01 04:00", "2026-12-07 23:30")]
    [InlineData("Sat-Sun 02:00-05:00", "2026-11-30 03:00", "2026-12-05 02:00")]
    [InlineData("Fri-Mon,Wed 00:00-24:00", "2026-11-30 12:00", null)]
    [InlineData("Fri-Mon,Wed 00:00-24:00", "2026-12-01 12:00", "2026-12-02 00:00")]
    [InlineData("Fri-Mon,Wed 00:00-24:00", "2026-12-02 23:59", null)]
    public void A_window_is_open_or_opens_next(string window, string local, string? next)
    {
        var parsed = UpdateWindow.Parse(window).ShouldNotBeNull();
        parsed.IsOpen(Time(local)).ShouldBe(next is null);
        if (next is not null)
        {
            parsed.NextOpening(Time(local)).ShouldBe(Time(next));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("02:00")]
    [InlineData("2:00-5:00")]
    [InlineData("02:00-02:00")]
    [InlineData("24:00-02:00")]
    [InlineData("02:00-24:01")]
    [InlineData("02:60-05:00")]
    [InlineData("sat 02:00-05:00")]
    [InlineData("Sat- 02:00-05:00")]
    [InlineData("Sat-Sun-Mon 02:00-05:00")]
    [InlineData("02:00-05:00 Sat")]
    public void What_is_no_window_is_refused(string text) => UpdateWindow.Parse(text).ShouldBeNull();

    [Fact]
    public void A_window_goes_by_the_clocks_of_its_zone_and_only_for_updates()
    {
        // 01:30 UTC is 02:30 in Berlin in winter, and 03:30 in summer.
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 30, 0, 30, 0, TimeSpan.Zero));
        var rules = Read("window: [\"02:00-03:00\", \"Sun 12:00-13:00\"], timezone: Europe/Berlin").Updates;
        var refused = rules.JudgeTime(CommandNames.UpdateContainer, time);
        (refused.Allowed, refused.Rule).ShouldBe((false, "updates: window 02:00-03:00, Sun 12:00-13:00"));
        refused.Reason.ShouldBe("update_container is not allowed at this time, but again from Mon 2026-11-30 02:00 (Europe/Berlin)");
        rules.JudgeTime(CommandNames.SelfUpdate, time).Allowed.ShouldBeFalse();
        rules.JudgeTime(OperationActions.Restart, time).Allowed.ShouldBeTrue();
        time.Advance(TimeSpan.FromMinutes(30));
        rules.JudgeTime(CommandNames.UpdateContainer, time).Allowed.ShouldBeTrue();

        time = new FakeTimeProvider(new DateTimeOffset(2027, 7, 1, 0, 30, 0, TimeSpan.Zero));
        rules.JudgeTime(CommandNames.UpdateContainer, time).Allowed.ShouldBeTrue();
    }

    [Fact]
    public void Without_a_zone_a_window_goes_by_the_clocks_of_the_machine()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 30, 0, 30, 0, TimeSpan.Zero));
        time.SetLocalTimeZone(TimeZoneInfo.CreateCustomTimeZone("here", TimeSpan.FromHours(2), null, null));
        Read("window: \"02:00-03:00\"").Updates.JudgeTime(CommandNames.UpdateContainer, time).Allowed.ShouldBeTrue();
    }

    [Theory]
    [InlineData("window: nightly", "is not a time such as 02:00-05:00")]
    [InlineData("window: \"02:00-03:00\", timezone: Europe/Atlantis", "is not known here")]
    [InlineData("timezone: UTC", "says nothing without window")]
    [InlineData("min_age: soon", "is no time such as 3d")]
    [InlineData("min_age: 0d", "is no time such as 3d")]
    [InlineData("min_age: 3d12h", "is no time such as 3d")]
    [InlineData("min_age: 3d, max_age: 3d", "unknown key")]
    public void What_is_wrong_in_a_policy_is_an_error(string updates, string problem) =>
        PolicyReader.Read($"mode: full\nupdates: {{ {updates} }}", "test").Errors.Single().Problem.ShouldContain(problem);

    [Theory]
    [InlineData("3d", 72)]
    [InlineData("36h", 36)]
    [InlineData("0.5d", 12)]
    public void An_age_is_days_or_hours(string age, int hours) => Read($"min_age: {age}").Updates.MinAge.ShouldBe(TimeSpan.FromHours(hours));

    private static HostPolicy Read(string updates)
    {
        var (policy, errors) = PolicyReader.Read($"mode: full\nupdates: {{ {updates} }}", "test");
        errors.ShouldBeEmpty();
        return policy!;
    }

    private static DateTime Time(string text) => DateTime.ParseExact(text, "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
