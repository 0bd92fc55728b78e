using System.Text;
using DockMon.Agent.Connection;
using DockMon.Agent.Tests.Logging;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Connection;

public sealed class OutboundTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();
    private readonly Outbound _outbound;

    private readonly LogCapture _log = new(json: false);

    public OutboundTests() => _outbound = new Outbound(new Outbox(_folder.Path), _time, _log.Factory.CreateLogger<Outbound>());

    private string[] Files => Directory.GetFileSystemEntries(Path.Combine(_folder.Path, "outbox"));

    [Fact]
    public void Answers_go_before_events_and_events_before_samples()
    {
        _outbound.PostStats("c", Bytes("stats"));
        _outbound.PostEvent(Bytes("event"));
        _outbound.PostAnswer(Bytes("answer"));
        TakeAll().ShouldBe(["answer", "event", "stats"]);
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
        _outbound.ConnectionLost(unsent: null);
        TakeAll().ShouldBe(["a1", "e1", "e2", "e3"]);
    }

    [Fact]
    public void What_was_sent_a_whole_keep_alive_ago_is_not_sent_again()
    {
        _outbound.PostEvent(Bytes("e1"));
        SendAll();
        _time.Advance(Outbound.ConfirmedAfter);
        _outbound.PostEvent(Bytes("e2"));
        SendAll();
        _outbound.ConnectionLost(unsent: null);
        TakeAll().ShouldBe(["e2"]);
    }

    [Fact]
    public void The_frame_that_was_being_sent_is_sent_again_and_a_sample_is_not()
    {
        _outbound.PostEvent(Bytes("e1"));
        _outbound.PostStats("c", Bytes("s1"));
        var half = _outbound.TryTake();
        _outbound.ConnectionLost(half);
        TakeAll().ShouldBe(["e1"]);
    }

    [Fact]
    public void A_completion_outlives_the_agent_until_a_connection_has_lived_through_a_keep_alive_after_it()
    {
        _outbound.PostCompletion(Bytes("done"));
        SendAll();
        Restarted().ShouldBe(["done"]);

        _time.Advance(Outbound.ConfirmedAfter);
        _outbound.PostEvent(Bytes("anything"));
        SendAll();
        Restarted().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_delivered_completion_leaves_the_disk_though_nothing_else_is_sent()
    {
        _outbound.PostCompletion(Bytes("done"));
        SendAll();
        _time.Advance(Outbound.ConfirmedAfter);
        await Retry.UntilAsync("its file is gone", () => Files.Length == 0, ct: TestContext.Current.CancellationToken);
        _outbound.ConnectionLost(unsent: null);
        TakeAll().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_file_that_cannot_be_removed_costs_a_line_in_the_log_and_no_connection()
    {
        _outbound.PostCompletion(Bytes("done"));
        SendAll();
        var file = Files.Single();
        File.Delete(file);
        Directory.CreateDirectory(file); // Which is refused even to root.
        _time.Advance(Outbound.ConfirmedAfter);
        _outbound.PostEvent(Bytes("anything"));
        SendAll();
        await Retry.UntilAsync("the log says so", () => _log.Lines.Length > 0, ct: TestContext.Current.CancellationToken);
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
    public void What_was_sent_and_may_come_back_is_bounded_by_its_bytes_and_never_loses_a_completion()
    {
        const int Fitting = Outbound.EventBytesLimit / Outbound.KeptFrameBytes;
        for (var i = 0; i < Fitting + 50; i++)
        {
            _outbound.PostAnswer(new byte[Outbound.KeptFrameBytes]);
        }

        SendAll();
        _outbound.PostCompletion(Bytes("done"));
        SendAll();
        _outbound.ConnectionLost(unsent: null);
        var taken = TakeAll();
        taken.Count.ShouldBe(Fitting + 1);
        taken[^1].ShouldBe("done");
        _outbound.PostAnswer(Bytes("next"));
        SendAll();
        _outbound.ConnectionLost(unsent: null);
        TakeAll().ShouldBe(["next"]);
    }

    [Fact]
    public void A_completion_goes_before_events_and_is_never_dropped()
    {
        for (var i = 0; i <= Outbound.EventLimit; i++)
        {
            _outbound.PostEvent(Bytes("event"));
        }

        _outbound.PostCompletion(Bytes("done"));
        _time.Advance(TimeSpan.FromHours(5));
        TakeAll()[0].ShouldBe("done");
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
        for (var i = 0; i < Outbound.ShellLimit; i++)
        {
            await _outbound.PostShellAsync(Bytes($"{i}"), ct);
        }

        var waiting = _outbound.PostShellAsync(Bytes("last"), ct).AsTask();
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
        await _outbound.PostShellAsync(Bytes("sent"), ct);
        SendAll();
        await _outbound.PostShellAsync(Bytes("half"), ct);
        var half = _outbound.TryTake();
        await _outbound.PostShellAsync(Bytes("waits"), ct);
        _outbound.ConnectionLost(half);
        TakeAll().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_new_connection_begins_without_the_samples_and_the_output_of_shells_that_came_too_late_for_the_one_before()
    {
        _outbound.ConnectionLost(unsent: null);
        _outbound.PostStats("c", Bytes("late sample"));
        await _outbound.PostShellAsync(Bytes("late output"), TestContext.Current.CancellationToken);
        _outbound.PostEvent(Bytes("event"));
        _outbound.ConnectionBegins();
        TakeAll().ShouldBe(["event"]);
    }

    public void Dispose() => _folder.Dispose();

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private List<string> Restarted()
    {
        var outbound = new Outbound(new Outbox(_folder.Path), _time, _log.Factory.CreateLogger<Outbound>());
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

    private void SendAll()
    {
        while (_outbound.TryTake() is { } frame)
        {
            _outbound.MarkSent(frame);
        }
    }
}
