using DockMon.Agent.Delivery;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Delivery;

/// <summary>The three queues that <see cref="Outbound"/> is made of.</summary>
public sealed class DeliveryQueueTests
{
    [Fact]
    public void Frames_come_in_their_order_and_one_that_is_returned_comes_first()
    {
        var queue = new FrameQueue(limit: 10, bytesLimit: 1000);
        queue.TryTake().ShouldBeNull();
        queue.First.ShouldBeNull();
        var (one, two) = (Frame(1), Frame(2));
        queue.Add(one);
        queue.Add(two);
        queue.First.ShouldBe(one);
        queue.TryTake().ShouldBe(one);
        queue.Return(one);
        queue.Count.ShouldBe(2);
        queue.TryTake().ShouldBe(one);
        queue.TryTake().ShouldBe(two);
        queue.Count.ShouldBe(0);
    }

    [Fact]
    public void The_oldest_frame_goes_when_there_are_too_many()
    {
        var queue = new FrameQueue(limit: 2, bytesLimit: 1000);
        var frames = new[] { Frame(1), Frame(2), Frame(3) };
        foreach (var frame in frames)
        {
            queue.Add(frame);
        }

        queue.TryTrim().ShouldBe(frames[0]);
        queue.TryTrim().ShouldBeNull();
        queue.First.ShouldBe(frames[1]);
    }

    [Fact]
    public void The_oldest_frames_go_when_they_are_too_large_together_and_the_last_one_stays_whatever_its_size()
    {
        var queue = new FrameQueue(limit: 10, bytesLimit: 100);
        queue.Add(Frame(60));
        queue.TryTrim().ShouldBeNull();
        queue.Add(Frame(60));
        queue.TryTrim()!.Bytes.Length.ShouldBe(60);
        queue.TryTrim().ShouldBeNull();
        queue.Add(Frame(5000));
        queue.TryTrim()!.Bytes.Length.ShouldBe(60);
        queue.TryTrim().ShouldBeNull();
        queue.First!.Bytes.Length.ShouldBe(5000);
    }

    [Fact]
    public void Bytes_of_frames_that_were_taken_or_trimmed_do_not_count_any_more()
    {
        var queue = new FrameQueue(limit: 10, bytesLimit: 100);
        for (var i = 0; i < 50; i++)
        {
            queue.Add(Frame(90));
            queue.TryTrim().ShouldBeNull($"in round {i}");
            queue.Return(queue.TryTake()!);
            queue.TryTake().ShouldNotBeNull();
        }
    }

    [Fact]
    public void A_newer_value_takes_the_place_of_the_one_of_its_key()
    {
        var values = new LatestByKey<int>();
        values.Put("a", 1);
        values.Put("b", 2);
        values.Put("a", 3);
        values.Count.ShouldBe(2);
        Take(values).ShouldBe([3, 2]);
        values.TryTake(out _).ShouldBeFalse();
    }

    [Fact]
    public void A_key_that_was_taken_has_a_place_again_at_the_end()
    {
        var values = new LatestByKey<int>();
        values.Put("a", 1);
        values.Put("b", 2);
        values.TryTake(out var first).ShouldBeTrue();
        first.ShouldBe(1);
        values.Put("a", 3);
        Take(values).ShouldBe([2, 3]);
    }

    [Fact]
    public void Nothing_of_what_was_cleared_comes_back()
    {
        var values = new LatestByKey<int>();
        values.Put("a", 1);
        values.Clear();
        values.Count.ShouldBe(0);
        values.Put("a", 2);
        Take(values).ShouldBe([2]);
    }

    [Fact]
    public void Frames_before_a_ping_have_arrived_when_it_is_answered_and_those_after_it_have_not()
    {
        var window = new SendWindow(limit: 10, bytesLimit: 1000);
        var (before, after) = (Frame(1), Frame(2));
        window.Add(before, keep: true);
        window.Add(Frame(9), keep: false);
        window.Ping(number: 7, messages: 2);
        window.Add(after, keep: true);
        window.Confirm(7).ShouldBe([before]);
        window.IsEmpty.ShouldBeFalse();
        window.Clear().ShouldBe([after]);
        window.IsEmpty.ShouldBeTrue();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(6)]
    [InlineData(8)]
    [InlineData(-7)]
    public void An_answer_to_any_other_ping_confirms_nothing(long number)
    {
        var window = new SendWindow(limit: 10, bytesLimit: 1000);
        window.Add(Frame(1), keep: true);
        window.Confirm(number).ShouldBeNull();
        window.Ping(number: 7, messages: 1);
        window.Confirm(number).ShouldBeNull();
        window.Confirm(7)!.Count.ShouldBe(1);
        window.Confirm(7).ShouldBeNull("it was answered already");
    }

    [Fact]
    public void A_newer_ping_takes_the_place_of_the_one_before()
    {
        var window = new SendWindow(limit: 10, bytesLimit: 1000);
        window.Add(Frame(1), keep: true);
        window.Ping(number: 7, messages: 1);
        window.Add(Frame(2), keep: true);
        window.Ping(number: 8, messages: 2);
        window.Confirm(7).ShouldBeNull();
        window.Confirm(8)!.Count.ShouldBe(2);
    }

    [Fact]
    public void A_window_is_full_by_number_or_by_bytes_and_has_room_again_after_the_answer()
    {
        var window = new SendWindow(limit: 4, bytesLimit: 100);
        window.Add(Frame(1), keep: true);
        window.IsHalfFull.ShouldBeFalse();
        window.Add(Frame(1), keep: true);
        window.IsHalfFull.ShouldBeTrue();
        window.HasRoom.ShouldBeTrue();
        window.Add(Frame(98), keep: true);
        window.HasRoom.ShouldBeFalse();
        window.Ping(number: 1, messages: 3);
        window.Confirm(1)!.Count.ShouldBe(3);
        (window.HasRoom, window.IsHalfFull, window.IsEmpty).ShouldBe((true, false, true));
    }

    [Fact]
    public void A_new_connection_counts_its_messages_anew()
    {
        var window = new SendWindow(limit: 10, bytesLimit: 1000);
        window.Add(Frame(1), keep: true);
        window.Add(Frame(1), keep: true);
        window.Ping(number: 7, messages: 2);
        window.Clear().Count.ShouldBe(2);
        window.Confirm(7).ShouldBeNull("it was a ping of the connection that is gone");
        window.Add(Frame(3), keep: true);
        window.Ping(number: 8, messages: 1);
        window.Confirm(8)!.Single().Bytes.Length.ShouldBe(3);
    }

    private static OutboundFrame Frame(int size) => new(FrameClass.Event, new byte[size], Posted: 0);

    private static List<int> Take(LatestByKey<int> values)
    {
        var taken = new List<int>();
        while (values.TryTake(out var value))
        {
            taken.Add(value);
        }

        return taken;
    }
}
