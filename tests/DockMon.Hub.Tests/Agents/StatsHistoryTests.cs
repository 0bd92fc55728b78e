using System.Text.Json;
using DockMon.Hub.Agents;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Agents;

public sealed class StatsHistoryTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Containers_that_ended_are_forgotten_though_nobody_asks_for_them()
    {
        var history = new StatsHistory(_time);
        for (var minute = 0; minute < 60; minute++)
        {
            history.Add("host", $"job-{minute}", JsonElement.Parse("{}"));
            history.Add("host", "service", JsonElement.Parse("{}"));
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        history.Count.ShouldBeLessThan(10);
        history.History("host", "service").Count.ShouldBe(5);
    }
}
