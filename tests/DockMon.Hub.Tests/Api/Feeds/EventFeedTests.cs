using System.Text;
using System.Text.Json;
using DockMon.Hub.Api.Feeds;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Api.Feeds;

public sealed class EventFeedTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData("{\r\n\"a\":1,\r\"b\":\n[2]}")]
    [InlineData("{\"a\":\"x\\nevent: host_disconnected\\r\\u000a\\u2028\"}")]
    public void Whatever_an_agent_says_is_one_line_of_data(string json)
    {
        var item = FeedItem.Create(7, FeedNames.HostStats, "h1", Encoding.UTF8.GetBytes(json));
        var lines = FeedText.Lines(item);
        lines[..2].ShouldBe(["id: 7", "event: host_stats"]);
        lines[2].ShouldStartWith("data: ");
        lines[3..].ShouldBe(["", ""]);
        JsonElement.DeepEquals(FeedText.Data(item).GetProperty("data"), JsonElement.Parse(json)).ShouldBeTrue();
    }

    [Fact]
    public void A_listener_who_comes_back_hears_what_came_since_also_from_a_hub_that_was_restarted()
    {
        var feed = new EventFeed(_time);
        Publish(feed, 3);
        var first = Take(feed.Listen(0));
        first.Count.ShouldBe(3);

        var again = feed.Listen(first[1].Id);
        Take(again).ShouldBe([first[2]]);
        again.TakeGap().ShouldBeFalse();

        _time.Advance(TimeSpan.FromSeconds(1));
        var restarted = new EventFeed(_time);
        Publish(restarted, 2);
        var afterwards = restarted.Listen(first[2].Id);
        afterwards.TakeGap().ShouldBeTrue("nobody knows what the hub that ended had said last");
        Take(afterwards).Select(item => item.Id).ShouldAllBe(id => id > first[2].Id);
        Take(restarted.Listen(first[2].Id)).Count.ShouldBe(2);
    }

    [Fact]
    public void A_clock_that_went_back_hides_nothing()
    {
        var before = new EventFeed(_time);
        Publish(before, 1);
        var heard = Take(before.Listen(0))[0].Id;
        _time.AdjustTime(_time.GetUtcNow().AddHours(-1));
        var feed = new EventFeed(_time);
        Publish(feed, 2);
        var listener = feed.Listen(heard);
        listener.TakeGap().ShouldBeTrue();
        Take(listener).Count.ShouldBe(2);
    }

    [Fact]
    public void What_is_replayed_is_bounded_in_number_and_in_bytes_and_what_is_missing_is_told()
    {
        var feed = new EventFeed(_time);
        Publish(feed, 1);
        var first = Take(feed.Listen(0))[0].Id;
        Publish(feed, EventFeed.MostItems + 50);
        var many = feed.Listen(first);
        many.TakeGap().ShouldBeTrue();
        Take(many).Count.ShouldBe(EventFeed.MostItems);

        Publish(feed, 60, new string('x', 1_000_000));
        Take(feed.Listen(0)).Sum(item => (long)item.Text.Length).ShouldBeInRange(3_000_000, EventFeed.MostBytes);
    }

    [Fact]
    public void Samples_are_not_replayed()
    {
        var feed = new EventFeed(_time);
        var listener = feed.Listen(null);
        feed.Publish(FeedNames.HostStats, "h", JsonElement.Parse("{}"));
        feed.Publish(FeedNames.HostConnected, "h", JsonElement.Parse("{}"));
        Take(listener).Select(item => item.Name).ShouldBe([FeedNames.HostStats, FeedNames.HostConnected]);
        Take(feed.Listen(0)).Select(item => item.Name).ShouldBe([FeedNames.HostConnected]);
    }

    [Fact]
    public void A_listener_that_does_not_keep_up_loses_the_oldest_and_is_told()
    {
        var feed = new EventFeed(_time);
        var slow = feed.Listen(null);
        Publish(feed, FeedListener.MostItems);
        slow.TakeGap().ShouldBeFalse();
        Publish(feed, 20, new string('x', 1_000_000));
        slow.TakeGap().ShouldBeTrue();
        slow.TakeGap().ShouldBeFalse("each gap is told once");
        var left = Take(slow);
        left.Sum(item => (long)item.Text.Length).ShouldBeInRange(7_000_000, FeedListener.MostBytes);
        left.Count.ShouldBe(8);
    }

    [Fact]
    public async Task However_long_nothing_comes_one_wait_is_left_and_it_hears_what_comes()
    {
        var listener = new FeedListener();
        async Task<bool> HeartbeatAsync()
        {
            var waiting = listener.WaitAsync(TimeSpan.FromSeconds(15), _time, TestContext.Current.CancellationToken);
            _time.Advance(TimeSpan.FromSeconds(15));
            return await waiting;
        }

        (await HeartbeatAsync()).ShouldBeFalse();
        var first = listener.Pending;
        (await HeartbeatAsync()).ShouldBeFalse();
        listener.Pending.ShouldNotBeNull().ShouldBeSameAs(first);
        listener.Add(FeedItem.Create(1, FeedNames.HostConnected, "h", "{}"u8));
        (await listener.WaitAsync(TimeSpan.FromSeconds(15), _time, TestContext.Current.CancellationToken)).ShouldBeTrue();
        listener.Pending.ShouldBeNull();
    }

    private static void Publish(EventFeed feed, int count, string text = "")
    {
        for (var i = 0; i < count; i++)
        {
            feed.Publish(FeedNames.HostConnected, "h", JsonElement.Parse($$"""{"i":{{i}},"text":"{{text}}"}"""));
        }
    }

    private static List<FeedItem> Take(FeedListener listener) => FeedText.TakeAll(listener);
}
