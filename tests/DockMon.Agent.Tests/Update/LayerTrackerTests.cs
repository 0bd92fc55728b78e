using DockMon.Agent.Update;
using DockMon.Engine;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Update;

public sealed class LayerTrackerTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly LayerTracker _layers;

    public LayerTrackerTests() => _layers = new LayerTracker("abc", _time);

    [Fact]
    public void One_report_in_half_a_second_unless_it_moved_by_five_percent_or_a_layer_was_completed()
    {
        Take("a", "Downloading", 0, 1000).ShouldBe(0);
        Take("a", "Downloading", 10, 1000).ShouldBeNull();
        Take("a", "Downloading", 60, 1000).ShouldBe(6);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        Take("a", "Downloading", 61, 1000).ShouldBe(6);
        Take("a", "Pull complete", null, null).ShouldBe(100);
    }

    [Fact]
    public void Lines_about_the_whole_image_are_no_layers()
    {
        Take("latest", "Pulling from web", null, null).ShouldBeNull();
        Take(null, "Digest: sha256:1", null, null).ShouldBeNull();
    }

    [Fact]
    public void A_layer_that_is_here_already_is_no_progress_of_the_others()
    {
        Take("a", "Already exists", null, null).ShouldBe(0);
        Take("b", "Pulling fs layer", null, null).ShouldBeNull();
        Take("b", "Downloading", 500, 1000).ShouldBe(50);
        Take(null, "Digest: sha256:1", null, null).ShouldBe(100);
    }

    [Fact]
    public void Twenty_layers_are_listed_the_active_ones_first_and_the_rest_counted()
    {
        for (var i = 0; i < 30; i++)
        {
            Take($"done{i}", "Already exists", null, null);
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        var report = _layers.Update(new PullProgress { Id = "active", Status = "Downloading", Current = 1_000_000, Total = 4_000_000 }).ShouldNotBeNull();
        report.Layers.Count.ShouldBe(20);
        report.Layers[0].Id.ShouldBe("active");
        report.TotalLayers.ShouldBe(31);
        report.RemainingLayers.ShouldBe(11);
        report.SpeedMbps.ShouldBe(1);
    }

    [Fact]
    public void Sizes_that_no_layer_has_are_added_up_all_the_same()
    {
        Take("a", "Downloading", long.MaxValue, long.MaxValue).ShouldBe(100);
        _time.Advance(TimeSpan.FromSeconds(1));
        Take("b", "Downloading", -5, long.MaxValue).ShouldBe(50);
        Take("c", "Pull complete", null, null).ShouldBe(50);
    }

    [Fact]
    public void More_layers_than_any_image_has_are_not_kept()
    {
        for (var i = 0; i < 2000; i++)
        {
            Take($"{i}", "Already exists", null, null);
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        _layers.Update(new PullProgress { Id = "0", Status = "Already exists" }).ShouldNotBeNull().TotalLayers.ShouldBe(1024);
    }

    private int? Take(string? id, string status, long? current, long? total) =>
        _layers.Update(new PullProgress { Id = id, Status = status, Current = current, Total = total })?.OverallProgress;
}
