using System.Collections.Concurrent;
using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Connection;

public sealed class KeepAliveTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly ConcurrentQueue<long> _pings = new();
    private readonly Outbound _outbound;
    private readonly KeepAlive _alive;
    private int _sent;
    private bool _blocks;

    public KeepAliveTests()
    {
        _outbound = new Outbound(new Outbox(_folder.Path), _time, NullLogger<Outbound>.Instance);
        _alive = new KeepAlive(WriteAsync, _outbound, _time);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task On_a_silent_connection_a_ping_goes_out_every_thirty_seconds()
    {
        for (var i = 1; i <= 3; i++)
        {
            _alive.Next().ShouldBe((false, TimeSpan.FromSeconds(30)));
            Pass(seconds: 30);
            await PingAsync();
            Answer();
        }

        _pings.ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task What_must_not_be_lost_is_followed_by_a_ping_at_once_and_at_most_one_a_second_goes_out()
    {
        Pass(seconds: 5);
        Send();
        await PingAsync();
        Send();
        _alive.Next().IsOut.ShouldBeTrue();
        Answer(); // It confirms the first alone.
        _outbound.Unconfirmed.Any.ShouldBeTrue();
        _alive.Next().ShouldBe((false, TimeSpan.FromSeconds(1)));
        Pass(seconds: 0.4);
        Send();
        _alive.Next().ShouldBe((false, TimeSpan.FromSeconds(0.6)));
        Pass(seconds: 0.6);
        await PingAsync();
        Answer();
        _outbound.Unconfirmed.Any.ShouldBeFalse();
        _alive.Next().ShouldBe((false, TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Samples_ask_for_no_ping()
    {
        _outbound.PostStats("c", [1]);
        _outbound.TryTake().ShouldNotBeNull();
        _alive.Next().ShouldBe((false, TimeSpan.FromSeconds(30)));
        Pass(seconds: 30);
        await PingAsync();
        Answer();
    }

    [Fact]
    public async Task No_ping_follows_one_that_is_not_answered_and_after_45_seconds_the_connection_is_dead()
    {
        var running = _alive.RunAsync(_ended.Token);
        Send();
        await Retry.UntilAsync("a ping went out", () => _pings.Count == 1, ct: Token);
        Send();
        Pass(seconds: 44.9);
        _alive.Next().ShouldBe((true, TimeSpan.FromSeconds(0.1)));
        Pass(seconds: 0.1);
        (await running.WaitAsync(Retry.DefaultTimeout, Token)).Reason.ShouldBe("the server has answered no ping for 45 s (timeout)");
        _pings.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_server_that_reads_nothing_so_that_no_ping_can_be_written_is_dead_as_well()
    {
        _blocks = true;
        var running = _alive.RunAsync(_ended.Token);
        Send();
        await Retry.UntilAsync("a ping is being written", () => _pings.Count == 1, ct: Token);
        Pass(seconds: 45);
        (await running.WaitAsync(Retry.DefaultTimeout, Token)).Reason.ShouldContain("timeout");
    }

    [Fact]
    public async Task Only_the_answer_to_the_ping_that_is_out_is_a_sign_of_life()
    {
        Pass(seconds: 30);
        await PingAsync();
        _alive.OnPong(_pings.Last() + 1);
        _alive.OnPong(_pings.Last() - 1);
        _alive.Next().ShouldBe((true, TimeSpan.FromSeconds(15)));
        Answer();
        _alive.Next().ShouldBe((false, TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task A_machine_that_slept_has_not_missed_the_answer()
    {
        Pass(seconds: 600);
        await PingAsync();
        _alive.Next().ShouldBe((true, TimeSpan.FromSeconds(15)));
    }

    [Fact]
    public async Task When_much_is_on_the_way_or_somebody_waits_a_ping_follows_the_last_answer_at_once()
    {
        for (var i = 0; i < Outbound.EventLimit; i++)
        {
            Send();
        }

        await PingAsync();
        Answer();
        for (var i = 0; i < Outbound.EventLimit / 2; i++)
        {
            Send();
        }

        await PingAsync();
        Answer();
        Send();
        _alive.Next().ShouldBe((false, TimeSpan.FromSeconds(1)));
        _alive.Hurry();
        await PingAsync();
    }

    public void Dispose()
    {
        _ended.Dispose();
        _folder.Dispose();
    }

    /// <summary>One turn of the loop, which has to be due.</summary>
    private async Task PingAsync()
    {
        var (isOut, wait) = _alive.Next();
        isOut.ShouldBeFalse();
        wait.ShouldBeLessThanOrEqualTo(TimeSpan.Zero);
        await _alive.PingAsync();
    }

    private async ValueTask WriteAsync(Func<long, long> begin, CancellationToken ct)
    {
        _pings.Enqueue(begin(_sent));
        if (_blocks)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, ct);
        }
    }

    private void Answer() => _alive.OnPong(_pings.Last());

    private void Pass(double seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));

    private void Send()
    {
        _outbound.PostEvent([1]);
        _outbound.TryTake().ShouldNotBeNull();
        _sent++;
        _alive.Wake();
    }
}
