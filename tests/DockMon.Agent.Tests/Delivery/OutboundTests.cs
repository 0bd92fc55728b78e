using System.Text;
using DockMon.Agent.Delivery;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Delivery;

public sealed class OutboundTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();
    private readonly Outbound _outbound;
    private int _sent;

    private readonly LogCapture _log = new();

    public OutboundTests() => _outbound = new Outbound(new Outbox(_folder.Path), _time, _log.CreateLogger<Outbound>());

    private string[] Files => Directory.GetFileSystemEntries(Path.Combine(_folder.Path, "outbox"));

    [Fact]
    public void Answers_go_before_events_and_events_before_samples()
    {
        _outbound.PostStats("c", Bytes("stats"));
        _outbound.PostEvent(Bytes("event"));
        _outbound.PostAnswer(Bytes("answer"));
        TakeAll().ShouldBe(["answer", "event", "stats"]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void Progress_never_comes_after_the_end_of_its_work_however_long_there_was_no_connection(int seconds)
    {
        foreach (var work in new[] { "first", "second" })
        {
            _outbound.PostEvent(Bytes($"{work} progress"));
            _time.Advance(TimeSpan.FromSeconds(seconds));
            _outbound.PostCompletion(Bytes($"{work} end"));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        string[] order = ["first progress", "first end", "second progress", "second end"];
        SendAll();
        _outbound.Reset();
        TakeAll().ShouldBe(order);
    }

    [Fact]
    public void The_newest_sample_of_a_container_replaces_the_one_that_waits()
    {
        _outbound.PostStats("a", Bytes("a1"));
        _outbound.PostStats("b", Bytes("b1"));
        _outbound.PostStats("a", Bytes("a2"));
        TakeAll().ShouldBe(["a2", "b1"]);
    }

    [Fact]
    public async Task Samples_of_one_moment_are_queued_together_and_wake_the_writer_once()
    {
        _outbound.PostStats("b", Bytes("b1"));
        await _outbound.WaitAsync(TestContext.Current.CancellationToken);
        _outbound.PostStats([new("a", Bytes("a2")), new("b", Bytes("b2")), new("c", Bytes("c2"))]);
        await _outbound.WaitAsync(TestContext.Current.CancellationToken);
        TakeAll().ShouldBe(["b2", "a2", "c2"]);
        _outbound.WaitAsync(TestContext.Current.CancellationToken).AsTask().IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public void An_answer_waits_a_minute_for_a_connection_and_no_longer()
    {
        _outbound.PostAnswer(Bytes("old"));
        _time.Advance(TimeSpan.FromSeconds(30));
        _outbound.PostAnswer(Bytes("young"));
        _time.Advance(TimeSpan.FromSeconds(31));
        TakeAll().ShouldBe(["young"]);
    }

    [Fact]
    public void Events_wait_as_long_as_it_takes_and_the_oldest_go_when_there_are_too_many()
    {
        for (var i = 0; i < Outbound.EventLimit + 3; i++)
        {
            _outbound.PostEvent(Bytes($"{i}"));
        }

        _time.Advance(TimeSpan.FromHours(1));
        var taken = TakeAll();
        taken.Count.ShouldBe(Outbound.EventLimit);
        taken[0].ShouldBe("3");
        taken[^1].ShouldBe($"{Outbound.EventLimit + 2}");
    }

    [Fact]
    public void What_a_lost_connection_may_not_have_delivered_is_sent_again_in_its_old_order()
    {
        _outbound.PostEvent(Bytes("e1"));
        _outbound.PostEvent(Bytes("e2"));
        _outbound.PostAnswer(Bytes("a1"));
        SendAll();
        _outbound.PostEvent(Bytes("e3"));
        _outbound.Reset();
        TakeAll().ShouldBe(["a1", "e1", "e2", "e3"]);
    }

    [Fact]
    public void What_was_sent_before_a_ping_that_was_answered_is_not_sent_again_and_what_was_sent_after_it_is()
    {
        _outbound.PostEvent(Bytes("e1"));
        _outbound.PostAnswer(Bytes("a1"));
        SendAll();
        var ping = Ping();
        _outbound.PostEvent(Bytes("e2"));
        SendAll();
        _outbound.Unconfirmed.Any.ShouldBeTrue();
        _outbound.Confirm(ping).ShouldBeTrue();
        _time.Advance(TimeSpan.FromSeconds(59));
        _outbound.Reset();
        TakeAll().ShouldBe(["e2"]);
    }

    [Fact]
    public void What_was_taken_and_not_yet_written_when_the_ping_was_is_not_confirmed_by_it_and_what_was_is()
    {
        _outbound.PostEvent(Bytes("e1"));
        _outbound.PostEvent(Bytes("e2"));
        _outbound.TryTake();
        _outbound.TryTake();
        _outbound.Confirm(_outbound.BeginPing(messages: 1)).ShouldBeTrue();
        _outbound.Reset();
        TakeAll().ShouldBe(["e2"]);
    }

    [Fact]
    public void Samples_are_messages_too_and_are_not_kept()
    {
        _outbound.PostEvent(Bytes("e1"));
        _outbound.PostStats("c", Bytes("sample"));
        SendAll();
        _outbound.PostEvent(Bytes("e2"));
        SendAll();
        _outbound.Confirm(_outbound.BeginPing(messages: 2)).ShouldBeTrue();
        _outbound.Reset();
        TakeAll().ShouldBe(["e2"]);
    }

    [Fact]
    public void A_ping_that_was_never_answered_or_of_another_connection_confirms_nothing()
    {
        _outbound.PostEvent(Bytes("e1"));
        SendAll();
        var ping = Ping();
        _outbound.Reset();
        _outbound.Confirm(ping).ShouldBeFalse();
        _sent = 0;
        SendAll();
        _outbound.Confirm(ping).ShouldBeFalse();
        _outbound.Confirm(0).ShouldBeFalse();
        Ping().ShouldNotBe(ping);
        _outbound.Reset();
        TakeAll().ShouldBe(["e1"]);
    }

    [Fact]
    public async Task When_as_much_was_sent_as_may_come_back_the_rest_waits_for_a_ping_and_nothing_is_lost()
    {
        for (var i = 0; i < Outbound.EventLimit; i++)
        {
            _outbound.PostEvent(Bytes($"{i}"));
        }

        SendAll();
        _outbound.PostAnswer(Bytes("answer"));
        _outbound.PostEvent(Bytes("last"));
        _outbound.PostStats("c", Bytes("sample"));
        _outbound.Unconfirmed.Much.ShouldBeTrue();
        TakeAll().ShouldBe(["sample"]);
        _outbound.HasPending.ShouldBeTrue();
        await _outbound.WaitAsync(TestContext.Current.CancellationToken);

        _outbound.Confirm(Ping()).ShouldBeTrue();
        await _outbound.WaitAsync(TestContext.Current.CancellationToken); // Which says that there is room.
        SendAll();
        _outbound.Reset();
        TakeAll().ShouldBe(["answer", "last"]);
        _log.Lines.ShouldBeEmpty();
    }

    [Fact]
    public void The_frame_that_was_being_sent_is_sent_again_and_a_sample_is_not()
    {
        _outbound.PostEvent(Bytes("e1"));
        _outbound.PostStats("c", Bytes("s1"));
        _outbound.TryTake();
        _outbound.Reset();
        TakeAll().ShouldBe(["e1"]);
    }

    [Fact]
    public void A_completion_outlives_the_agent_until_a_ping_after_it_was_answered()
    {
        _outbound.PostCompletion(Bytes("done"));
        SendAll();
        var ping = Ping();
        Restarted().ShouldBe(["done"]);

        _outbound.Confirm(ping);
        Restarted().ShouldBeEmpty();
        Files.ShouldBeEmpty();
    }

    [Fact]
    public void A_file_that_cannot_be_removed_costs_a_line_in_the_log_and_no_connection()
    {
        _outbound.PostCompletion(Bytes("done"));
        SendAll();
        var file = Files.Single();
        File.Delete(file);
        Directory.CreateDirectory(file); // Which is refused even to root.
        _outbound.Confirm(Ping()).ShouldBeTrue();
        _log.Lines.ShouldHaveSingleItem().ShouldContain($"{file} was delivered and cannot be removed");
    }

    [Fact]
    public void A_file_that_is_no_completion_is_left_alone_and_named()
    {
        _outbound.PostCompletion(Bytes("done"));
        var stray = Path.Combine(_folder.Path, "outbox", "notes.json");
        File.WriteAllText(stray, "{}");
        Restarted().ShouldBe(["done"]);
        _log.Lines.ShouldHaveSingleItem().ShouldContain($"{stray} is none of the agent's files");
        File.Exists(stray).ShouldBeTrue();
    }

    [Fact]
    public void What_was_sent_and_may_come_back_is_bounded_by_its_bytes()
    {
        const int Fitting = Outbound.EventBytesLimit / Outbound.KeptAnswerBytes;
        for (var i = 0; i < Fitting + 50; i++)
        {
            _outbound.PostAnswer(new byte[Outbound.KeptAnswerBytes]);
        }

        SendAll().ShouldBe(Fitting);
        _outbound.Confirm(Ping());
        SendAll().ShouldBe(50);
        _outbound.Reset();
        TakeAll().Count.ShouldBe(50);
    }

    [Fact]
    public void An_event_of_any_size_comes_back_and_a_large_answer_does_not()
    {
        _outbound.PostAnswer(new byte[Outbound.KeptAnswerBytes + 1]);
        _outbound.PostEvent(new byte[1024 * 1024]);
        SendAll();
        _outbound.Reset();
        TakeAll().ShouldHaveSingleItem().Length.ShouldBe(1024 * 1024);
    }

    [Fact]
    public void A_frame_that_would_end_every_connection_is_not_sent_at_all_and_said_so()
    {
        _outbound.PostCompletion(new byte[ProtocolLimits.ControlFrameBytes + 1]);
        _outbound.PostEvent(Bytes("next"));
        TakeAll().ShouldBe(["next"]);
        Files.ShouldBeEmpty();
        _log.Lines.ShouldHaveSingleItem().ShouldContain("Completion) was dropped: it has 16777217 bytes");
    }

    [Fact]
    public void Of_too_many_completions_the_oldest_go_from_memory_and_disk_and_each_is_told()
    {
        for (var i = 0; i < Outbound.CompletionLimit + 3; i++)
        {
            _outbound.PostCompletion(Bytes($"{i}"));
        }

        Files.Length.ShouldBe(Outbound.CompletionLimit);
        _log.Lines.Length.ShouldBe(3);
        _log.Lines.ShouldAllBe(line => line.Contains("How something ended") && line.Contains("was dropped"));
        Restarted()[0].ShouldBe("3");
        TakeAll()[0].ShouldBe("3");
    }

    [Fact]
    public void Completions_are_bounded_by_their_bytes_too_also_those_of_an_earlier_run()
    {
        for (var i = 0; i < 17; i++)
        {
            File.WriteAllBytes(Path.Combine(_folder.Path, "outbox", $"{i:d19}.json"), [.. Bytes($"{i} "), .. new byte[1024 * 1024 - 3]]);
        }

        Restarted().Count.ShouldBe(16);
        Files.Length.ShouldBe(16);
        _log.Lines.ShouldHaveSingleItem().ShouldContain("was dropped");
    }

    [Fact]
    public void A_completion_that_cannot_be_read_costs_a_line_and_no_start()
    {
        _outbound.PostCompletion(Bytes("one"));
        _outbound.PostCompletion(Bytes("two"));
        var file = Files.Order(StringComparer.Ordinal).First();
        File.Delete(file);
        File.CreateSymbolicLink(file, file); // Which is refused even to root.
        Restarted().ShouldBe(["two"]);
        _log.Lines.ShouldHaveSingleItem().ShouldContain($"{file} cannot be read");
    }

    [Fact]
    public void Answers_that_wait_are_bounded_by_their_bytes_and_the_oldest_go()
    {
        for (var i = 0; i < 5; i++)
        {
            _outbound.PostAnswer(new byte[ProtocolLimits.ControlFrameBytes]);
        }

        TakeAll().Count.ShouldBe(4);
        _log.Lines.ShouldHaveSingleItem().ShouldContain("An answer of 16777216 bytes was dropped");
    }

    [Fact]
    public void That_events_begin_to_be_lost_is_told_at_once_and_their_number_when_there_is_a_link()
    {
        for (var i = 0; i < Outbound.EventLimit + 7; i++)
        {
            _outbound.PostEvent(Bytes("event"));
        }

        _log.Lines.ShouldHaveSingleItem().ShouldContain("each new one drops the oldest");
        _outbound.TryTake();
        _log.Lines.Last().ShouldContain("7 events were lost");
    }

    [Fact]
    public void A_completion_is_not_dropped_however_many_events_there_are_and_however_long_they_wait()
    {
        for (var i = 0; i <= Outbound.EventLimit; i++)
        {
            _outbound.PostEvent(Bytes("event"));
        }

        _outbound.PostCompletion(Bytes("done"));
        _time.Advance(TimeSpan.FromHours(5));
        SendAll();
        _outbound.Confirm(Ping());
        TakeAll().ShouldBe(["done"]);
    }

    [Fact]
    public async Task A_waiter_is_woken_by_a_post_that_came_before_it_waited()
    {
        _outbound.PostEvent(Bytes("e"));
        await _outbound.WaitAsync(TestContext.Current.CancellationToken);
        _outbound.TryTake().ShouldNotBeNull();
    }

    [Fact]
    public async Task Output_of_shells_goes_after_events_and_before_samples_and_waits_when_there_is_no_room()
    {
        var ct = TestContext.Current.CancellationToken;
        _outbound.PostStats("c", Bytes("stats"));
        for (var i = 0; i < Outbound.StreamLimit; i++)
        {
            await _outbound.PostStreamAsync(Bytes($"{i}"), ct);
        }

        var waiting = _outbound.PostStreamAsync(Bytes("last"), ct).AsTask();
        _outbound.PostEvent(Bytes("event"));
        Encoding.UTF8.GetString(_outbound.TryTake()!.Bytes).ShouldBe("event");
        waiting.IsCompleted.ShouldBeFalse();
        Encoding.UTF8.GetString(_outbound.TryTake()!.Bytes).ShouldBe("0");
        await waiting.WaitAsync(ct);
        TakeAll()[^2..].ShouldBe(["last", "stats"]);
    }

    [Fact]
    public async Task Output_of_shells_does_not_outlive_its_connection()
    {
        var ct = TestContext.Current.CancellationToken;
        await _outbound.PostStreamAsync(Bytes("sent"), ct);
        SendAll();
        await _outbound.PostStreamAsync(Bytes("half"), ct);
        _outbound.TryTake();
        await _outbound.PostStreamAsync(Bytes("waits"), ct);
        _outbound.Reset();
        TakeAll().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_new_connection_begins_without_the_samples_and_the_output_of_shells_that_came_too_late_for_the_one_before()
    {
        _outbound.Reset();
        _outbound.PostStats("c", Bytes("late sample"));
        await _outbound.PostStreamAsync(Bytes("late output"), TestContext.Current.CancellationToken);
        _outbound.PostEvent(Bytes("event"));
        _outbound.Reset();
        TakeAll().ShouldBe(["event"]);
    }

    public void Dispose() => _folder.Dispose();

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private List<string> Restarted()
    {
        var outbound = new Outbound(new Outbox(_folder.Path), _time, _log.CreateLogger<Outbound>());
        outbound.ResumeCompletions();
        return TakeAll(outbound);
    }

    private List<string> TakeAll() => TakeAll(_outbound);

    private static List<string> TakeAll(Outbound outbound)
    {
        var taken = new List<string>();
        while (outbound.TryTake() is { } frame)
        {
            taken.Add(Encoding.UTF8.GetString(frame.Bytes));
        }

        return taken;
    }

    private int SendAll()
    {
        var sent = TakeAll().Count;
        _sent += sent;
        return sent;
    }

    /// <summary>A ping after all that was sent.</summary>
    private long Ping() => _outbound.BeginPing(_sent);
}
